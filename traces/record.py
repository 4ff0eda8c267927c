#!/usr/bin/env python3
"""Records memory traces of the programs below programs/ as cases.json says.

    record.py split                 assign each case to a set by the rule in cases.json
    record.py run [NAME...]         record all cases (or those named), then update labels.csv
    record.py run --quick SECONDS   the same, each cut to SECONDS, nothing kept but --work

The recorder is also the client: it writes requests ("key size" lines) to the
program's standard input and reads "requests leaked_bytes live_heap|-" lines
(or once "pid N": measure that process instead) from its standard output.
All clocks are stretched: half a second of recording stands for 30 s.
"""
import argparse, csv, gzip, json, math, os, random, shutil, signal, subprocess, sys, tempfile, time
from pathlib import Path

HERE = Path(__file__).resolve().parent
STRETCH = 60                      # recorded second -> seconds on the trace's clock
SAMPLE, TICK = 0.5, 0.05          # seconds between samples / between writes of requests
AT_ONCE = 6
MIB = 1 << 20
HERTZ = os.sysconf("SC_CLK_TCK")
COLUMNS = ["timestamp_seconds", "heap_bytes", "limit_bytes", "live_heap_bytes",
           "cpu_seconds_total", "requests_total", "start_time_seconds"]
LABELS = ["file", "label", "kind", "runtime", "onset_seconds", "growth_bytes_per_second",
          "limit_bytes", "ambiguous", "source", "licence", "description"]


# ---------------------------------------------------------------- programs

def build(work):
    """Compiles the compiled programs once; returns the command of each runtime."""
    source = HERE / "programs"
    go_env = dict(os.environ, GOCACHE=str(work / "go-cache"), GO111MODULE="off")
    for command, env in [
        (["gcc", "-O1", "-pthread", "-o", work / "server_c", source / "server.c"], None),
        (["rustc", "-O", "--edition", "2021", "-o", work / "server_rs", source / "server.rs"], None),
        (["go", "build", "-o", work / "server_go", source / "server.go"], go_env),
        (["javac", "-d", work / "classes", source / "Server.java"], None),
    ]:
        subprocess.run(list(map(str, command)), env=env, check=True)
    return {
        "c": [work / "server_c"], "rust": [work / "server_rs"], "go": [work / "server_go"],
        "java": ["java", "-cp", work / "classes"],
        "node": ["node"], "python": [sys.executable, source / "server.py"],
        "ruby": ["ruby", source / "server.rb"],
        "redis": [sys.executable, source / "redis_client.py"],
        "postgres": [sys.executable, source / "postgres_client.py"],
    }


def command_of(case, args, programs):
    options, main = case.get("options", []), []
    if case["runtime"] == "java":
        main = ["Server"]
    if case["runtime"] == "node":
        main = [HERE / "programs" / "server.js"]
    return list(map(str, programs[case["runtime"]] + options + main + args.split()))


# ---------------------------------------------------------------- load

class Load:
    """Requests of one case: a rate over time, keys and sizes, all seeded by the case's name."""

    def __init__(self, name, spec):
        self.random, self.spec = random.Random("load " + name), spec
        self.noise, self.burst_end, self.counter = 0.0, -1.0, 0

    def rate(self, t, dt):
        s, r = self.spec, self.random
        rate = s["rate"]
        if "season" in s:                               # [period, amplitude, phase]
            period, amplitude, phase = s["season"]
            rate *= 1 + amplitude * math.sin(2 * math.pi * (t / period + phase))
        if "ramp" in s:                                 # [from, to, factor]
            start, end, factor = s["ramp"]
            rate *= 1 + (factor - 1) * min(max((t - start) / (end - start), 0), 1)
        for at, factor in s.get("steps", []):           # [[from, factor of the base rate], ...]
            if t >= at:
                step = factor
        if "steps" in s and t >= s["steps"][0][0]:
            rate *= step
        keep = math.exp(-dt / 2.5)                      # noise with a memory of 2.5 s
        self.noise = keep * self.noise + math.sqrt(1 - keep * keep) * r.gauss(0, s.get("noise", 0.25))
        rate *= math.exp(self.noise)
        if "burst" in s:                                # [mean pause, length, factor]
            pause, length, factor = s["burst"]
            if t > self.burst_end and r.random() < dt / pause:
                self.burst_end = t + length * r.uniform(0.5, 1.5)
            if t < self.burst_end:
                rate *= factor
        return max(rate, 0)

    def key(self):
        kind, n = self.spec["keys"]
        if kind == "zipf":                              # exponent 1 over n keys
            return int(n ** self.random.random())
        if kind == "uniform":
            return self.random.randrange(int(n))
        if self.random.random() < 1 / n:                # sessions of n requests each
            self.counter += 1
            return self.counter
        return max(self.counter - self.random.randrange(40), 0)

    def requests(self, t, dt):
        expected = self.rate(t, dt) * dt
        count, p = 0, math.exp(-min(expected, 500))     # Poisson
        x = self.random.random()
        while x > p and count < 2000:
            x *= self.random.random()
            count += 1
        mean, sigma = self.spec.get("size", [1000, 0.7])
        size = lambda: min(self.random.lognormvariate(math.log(mean) - sigma * sigma / 2, sigma), 50 * mean)
        return "".join(f"{self.key()} {int(size()) + 1}\n" for _ in range(count)).encode()


# ---------------------------------------------------------------- processes

def processes():
    """pid -> (parent, cpu ticks with those of reaped children) of the whole machine."""
    table = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", errors="replace") as f:
                    fields = f.read().rpartition(")")[2].split()
            except OSError:
                continue
            table[int(entry)] = (int(fields[1]), sum(map(int, fields[11:15])))
    return table


def tree(root, table):
    if root not in table:
        return []
    found, children = [root], {}
    for pid, (parent, _) in table.items():
        children.setdefault(parent, []).append(pid)
    for pid in found:
        found += children.get(pid, [])
    return found


def memory(pids, fields):
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/status", errors="replace") as f:
                total += sum(int(line.split()[1]) for line in f if line.split(":")[0] in fields)
        except OSError:
            pass
    return total * 1024


# ---------------------------------------------------------------- one recording

class Recording:
    def __init__(self, case, programs, work, seconds):
        self.case, self.programs, self.seconds = case, programs, seconds
        self.folder = work / case["name"]
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.load = Load(case["name"], case["load"])
        self.limit = case["limit_mib"] * MIB
        self.fields = {"RssAnon", "VmSwap"} | ({"RssShmem"} if case.get("shmem") else set())
        self.rows, self.truth = [], []                  # truth: (life, seconds, heap, leaked)
        self.args, self.deploys = case["args"], list(case.get("deploys", []))
        self.life = self.kills = 0
        self.start_at, self.process = 0.0, None
        self.began = self.last_tick = time.monotonic()
        self.sampled = 0

    def launch(self, now):
        self.life += 1
        self.measured = None if self.case["runtime"] in ("redis", "postgres") else 0
        self.started, self.report, self.pending = now, None, b""
        self.errors = open(self.folder / "stderr.txt", "ab")
        self.process = subprocess.Popen(
            command_of(self.case, self.args, self.programs), cwd=self.folder,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, bufsize=0,
            start_new_session=True, env=dict(os.environ, **self.case.get("env", {})))
        os.set_blocking(self.process.stdin.fileno(), False)
        os.set_blocking(self.process.stdout.fileno(), False)
        if self.measured == 0:
            self.measured = self.process.pid

    def stop(self):
        if self.process is None:
            return
        for pid in tree(self.process.pid, processes()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()
        self.process = None

    def read_reports(self, now):
        try:
            data = self.process.stdout.read() or b""
        except BlockingIOError:
            return
        lines = (self.pending + data).split(b"\n")
        self.pending = lines.pop()
        for line in lines:
            words = line.split()
            if words[0] == b"pid":
                self.measured, self.started = int(words[1]), now
            else:
                self.report = words

    def tick(self, table):
        """Sends requests; samples when due. Returns False when the recording is over."""
        clock = time.monotonic()
        now, dt = clock - self.began, min(clock - self.last_tick, 0.5)
        self.last_tick = clock
        if now > self.seconds:
            return False
        if self.deploys and now >= self.deploys[0][0]:
            self.args = self.deploys.pop(0)[1] or self.args
            self.stop()
            self.start_at = now + 0.7
        if self.process is None:
            if now >= self.start_at:
                self.launch(now)
            return True
        try:
            os.write(self.process.stdin.fileno(), self.load.requests(now, dt))
        except (BlockingIOError, BrokenPipeError):
            pass                                        # the program is busy: requests are lost
        if table is not None:
            self.read_reports(now)
            self.sample(now, table)
        return True

    def sample(self, now, table):
        if self.measured is None:
            return
        pids = tree(self.measured, table)
        if not pids or self.process.poll() is not None:
            raise RuntimeError(f"{self.case['name']} ended by itself, see {self.folder}/stderr.txt")
        heap = memory(pids, self.fields)
        if heap >= self.limit:                          # what a kernel would do to a container
            self.stop()
            self.start_at = now + min(1.0 + 0.5 * self.kills, 5)
            self.kills += 1
            return
        requests, leaked, live = self.report or (b"", None, b"-")
        stamp = lambda s: f"{round(s, 2) * STRETCH:.1f}"
        self.rows.append([
            stamp(now), heap, self.limit, "" if live == b"-" else live.decode(),
            f"{sum(table[p][1] for p in pids) / HERTZ * STRETCH:.2f}",
            "" if self.case.get("no_requests") else requests.decode(), stamp(self.started)])
        if leaked is not None:
            self.truth.append((self.life, now, heap, int(leaked)))

    # ---- results

    def rate_and_onset(self):
        """Leaked bytes per second and the time of the first leaked byte, on the trace's clock."""
        onset = self.case.get("onset")
        if onset is None:
            onset = next((t for _, t, _, leaked in self.truth if leaked > 0), 0.0)
        if onset < 10:
            onset = 0.0
        grown = uptime = 0.0
        for life in {row[0] for row in self.truth}:
            own = [(t, leaked) for l, t, _, leaked in self.truth if l == life and t >= onset]
            if len(own) > 1:
                grown += own[-1][1] - own[0][1]
                uptime += own[-1][0] - own[0][0]
        return (grown / uptime / STRETCH if uptime else 0.0), onset * STRETCH

    def save(self, target):
        target.parent.mkdir(exist_ok=True)
        with gzip.GzipFile(target, "wb", mtime=0) as f:
            f.write("\n".join(",".join(map(str, row)) for row in [COLUMNS] + self.rows).encode() + b"\n")

    def save_truth(self):
        with open(self.folder / "truth.csv", "w") as f:
            csv.writer(f).writerows([("life", "seconds", "heap", "leaked")] + self.truth)
        rate, onset = self.rate_and_onset()
        result = {"growth_bytes_per_second": round(rate, 1), "onset_seconds": round(onset, 1)}
        (self.folder / "truth.json").write_text(json.dumps(result))
        return result


# ---------------------------------------------------------------- all of them

def record(cases, programs, work, quick, keep):
    waiting = sorted(cases, key=lambda c: -c["minutes"])       # long ones first
    running, failed, next_sample = [], [], time.monotonic()
    try:
        while waiting or running:
            # one start a second: programs that start together disturb each other
            if waiting and len(running) < AT_ONCE and (not running or time.monotonic() - running[-1].began > 1):
                case = waiting.pop(0)
                running.append(Recording(case, programs, work, quick or case["minutes"] * 60))
            table = None
            if time.monotonic() >= next_sample:
                next_sample += SAMPLE
                table = processes()
            for r in list(running):
                try:
                    going = r.tick(table)
                except RuntimeError as error:
                    print(error, file=sys.stderr)
                    failed.append(r.case["name"])
                    r.stop()
                    running.remove(r)
                    continue
                if not going:
                    r.stop()
                    running.remove(r)
                    print(f"{r.case['name']:34} {len(r.rows):5} rows, lives {r.life}, {r.save_truth()}", flush=True)
                    if keep:
                        r.save(HERE / r.case["set"] / (r.case["name"] + ".csv.gz"))
                        update_labels({r.case["name"]: r})
            time.sleep(max(0, min(TICK, next_sample - time.monotonic())))
    finally:
        for r in running:
            r.stop()
    return failed


def update_labels(recorded):
    path = HERE / "labels.csv"
    rows = {}
    if path.exists():
        with open(path, newline="") as f:
            rows = {row["file"]: row for row in csv.DictReader(f)}
    for name, r in recorded.items():
        case, truth = r.case, r.save_truth()
        leak = case["label"] == "leak"
        row = {
            "file": f"{case['set']}/{name}.csv.gz", "label": case["label"], "kind": case["kind"],
            "runtime": {"java": "jvm"}.get(case["runtime"], case["runtime"]),
            "onset_seconds": truth["onset_seconds"] if leak else "",
            "growth_bytes_per_second": truth["growth_bytes_per_second"] if leak else "",
            "limit_bytes": case["limit_mib"] * MIB, "ambiguous": case.get("ambiguous", ""),
            "source": "recorded for this project", "licence": "same as the project",
            "description": case["description"]}
        rows[row["file"]] = row
    with open(path, "w", newline="") as f:
        writer = csv.DictWriter(f, LABELS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[key] for key in sorted(rows))


def split(manifest):
    """The rule of the manifest: within each label shuffle by the seed, then deal out in turn."""
    for label in ("leak", "clean"):
        cases = sorted((c for c in manifest["cases"] if c["label"] == label), key=lambda c: c["name"])
        random.Random(f"{manifest['split']['seed']} {label}").shuffle(cases)
        for i, case in enumerate(cases):
            case["set"] = ("tuning", "held_out")[i % 2]


def write_manifest(manifest):
    head = json.dumps({k: v for k, v in manifest.items() if k != "cases"}, indent=2)[:-2]
    cases = ",\n".join("    " + json.dumps(case) for case in manifest["cases"])
    (HERE / "cases.json").write_text(f'{head},\n  "cases": [\n{cases}\n  ]\n}}\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["split", "run"])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--quick", type=float)
    parser.add_argument("--work", type=Path, help="folder for built programs and true counts (default: temporary)")
    options = parser.parse_intermixed_args()
    manifest = json.loads((HERE / "cases.json").read_text())
    if options.action == "split":
        split(manifest)
        write_manifest(manifest)
        return
    unknown = set(options.names) - {c["name"] for c in manifest["cases"]}
    if unknown:
        sys.exit(f"no such case: {', '.join(sorted(unknown))}")
    cases = [c for c in manifest["cases"] if not options.names or c["name"] in options.names]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))      # so that the children are ended
    with tempfile.TemporaryDirectory(prefix="traces-") as temporary:
        work = (options.work or Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        os.chmod(work, 0o755)
        failed = record(cases, build(work), work, options.quick, keep=not options.quick)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
