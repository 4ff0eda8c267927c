# `make demo` shows it, `make test` proves it. Both install what is missing first (scripts/setup says what).

target := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
binary := target/$(target)/release/memtrend

.PHONY: all demo test soak soak-check lint bench fuzz docs accept static image deb sbom setup clean

all: static

# A static binary that runs in an empty image.
static:
	@scripts/static >/dev/null
	@ls -l $(binary) | awk '{print "$(binary):", $$5, "bytes"}'

# The container image memtrend:VERSION, of that binary; BUILDER=IMAGE names another base to build it in.
image:
	@BUILDER=$(BUILDER) scripts/image >/dev/null

# The Debian package target/debian/memtrend_VERSION_ARCHITECTURE.deb, of that binary.
deb: static
	@command -v cargo-deb >/dev/null || cargo install --quiet --locked cargo-deb@3.8.0
	@cargo deb --quiet --no-build --no-strip --target $(target)

# What that binary is made of: target/memtrend.cdx.json, CycloneDX.
sbom:
	@scripts/sbom

demo:
	@scripts/setup demo
	@echo "Building; the first time takes some three minutes."
	@scripts/static >/dev/null
	@$(binary) demo $(DEMO_FLAGS)

setup:
	@scripts/setup

# The binary under test is that of the image, where there is an engine to build it with; it is built while the rest is checked.
# Then one test more at a time than there are cores, for many wait for the kernel or for a container; but those that hold
# memtrend to what it does in time come after, one for each core.
in_time = check::ends:: virtual_machine:: passes_are_made_however_much_is_asked check_load::schedule:: check_load::alone::

test: setup
	@mkdir -p target; \
	  { scripts/image || { [ $$? = 3 ] && scripts/static; }; } >target/binary-under-test & image=$$!; \
	  make --no-print-directory lint && cargo test --quiet --no-run || { kill $$image; exit 1; }; \
	  wait $$image || exit 1; \
	  export MEMTREND_STATIC_BINARY=$$(cat target/binary-under-test); \
	  RUST_TEST_THREADS=$$(($$(nproc) + 1)) cargo test --quiet -- $(in_time:%=--skip %) && \
	  RUST_TEST_THREADS=$$(nproc) cargo test --quiet --test integration -- $(in_time)

# The long runs of the tests of kills, one after another: some two hours. docs/oom.md tells what they gave.
soak: setup static soak-check
	MEMTREND_SOAK=1 MEMTREND_STATIC_BINARY=$(CURDIR)/$(binary) MEMTREND_BINARY=$(CURDIR)/$(binary) \
	  cargo test --test integration -- --test-threads 1 --nocapture kills::

# The leak gate on all leaks and habits of tests/check/programs, ten times, six runs at a time: some two hours. What
# tests/check/results.csv has already is not run again; docs/ci.md tells what it gave.
soak-check: setup static
	MEMTREND_SOAK=1 MEMTREND_BINARY=$(CURDIR)/$(binary) cargo test --test integration -- --nocapture check::soak
	MEMTREND_ACCEPT=1 cargo test --quiet --test integration -- check::table

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
