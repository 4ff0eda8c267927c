# `make demo` shows it, `make test` proves it. Both install what is missing first (scripts/setup says what).

target := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
binary := target/$(target)/release/memtrend
# Functions of the same instructions are kept once, where the compiler links with lld (1.90, x86_64): a hundredth.
folded := $(shell rustc -vV 2>/dev/null | awk '$$1 == "release:" && $$2 >= "1.90" {new = 1} $$2 == "x86_64-unknown-linux-gnu" {lld = 1} END {if (new && lld) print "-C link-arg=-Wl,--icf=all"}')
# Addresses to be set at the start are packed where the C library can unpack them (glibc 2.36): a thirtieth of the binary.
packed := $(shell getconf GNU_LIBC_VERSION 2>/dev/null | awk '$$1 == "glibc" && $$2 >= 2.36 {print "-C link-arg=-Wl,-z,pack-relative-relocs"}')
static := RUSTFLAGS='-C target-feature=+crt-static $(folded) $(packed)' cargo build --release --target $(target)

.PHONY: all demo test soak lint unit bench fuzz docs accept static setup clean

all: static

# A static binary that runs in an empty image.
static:
	@$(static)
	@ls -l $(binary) | awk '{print "$(binary):", $$5, "bytes"}'

demo:
	@scripts/setup demo
	@echo "Building; the first time takes some three minutes."
	@$(static)
	@$(binary) demo $(DEMO_FLAGS)

setup:
	@scripts/setup

test: setup lint static
	MEMTREND_STATIC_BINARY=$(CURDIR)/$(binary) cargo test --quiet

# The long runs of the tests of kills, one after another: some two hours. docs/oom.md tells what they gave.
soak: setup static
	MEMTREND_SOAK=1 MEMTREND_STATIC_BINARY=$(CURDIR)/$(binary) MEMTREND_BINARY=$(CURDIR)/$(binary) \
	  cargo test --test integration -- --test-threads 1 --nocapture kills::

lint:
	cargo fmt --check
	cargo clippy --quiet --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --quiet --no-deps --document-private-items

bench: setup static
	MEMTREND_BINARY=$(CURDIR)/$(binary) cargo bench --bench exporter
	cargo bench --bench analysis
	cargo bench --bench detection

# Runs every fuzz target for SECONDS (60), from its seeds and what earlier runs have found (fuzz/corpus). RUSTC_BOOTSTRAP
# lets a stable compiler take the sanitizer's flags.
fuzz:
	@command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --locked
	@cd fuzz && for target in $$(cargo fuzz list); do \
	  mkdir -p corpus/$$target; \
	  RUSTC_BOOTSTRAP=1 cargo fuzz run --target $(target) $$target corpus/$$target seeds/$$target -- \
	    -max_total_time=$(or $(SECONDS),60) -max_len=8192 -print_final_stats=1 || exit 1; \
	done

# Writes the generated docs and the committed pages anew: look at the difference before you commit it.
docs accept:
	cargo run --quiet -p memtrend-dashboards
	MEMTREND_ACCEPT=1 cargo test --quiet --test integration

clean:
	cargo clean
