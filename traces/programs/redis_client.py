"""A Redis server and its client. Usage: redis_client.py MODE [name=value ...]

Reads requests ("key size") from standard input and turns them into commands; reports
"pid N" of the server once, then "requests leaked_bytes -".
"""
import ctypes, os, random, signal, socket, subprocess, sys, time

PARAMETERS = dict(word.split("=") for word in sys.argv[2:])
BEGAN = time.monotonic()
leaked = 0


def param(name, otherwise):
    return float(PARAMETERS.get(name, otherwise))


def seconds():
    return time.monotonic() - BEGAN


def end_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)          # PR_SET_PDEATHSIG


class Redis:
    def __init__(self):
        memory = ["--maxmemory", f"{param('maxmemory', 0):.0f}", "--maxmemory-policy", "allkeys-lru"]
        server = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", "redis.socket", "--save", ""] + memory,
            preexec_fn=end_with_parent, stdout=subprocess.DEVNULL)
        self.socket = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.socket.connect("redis.socket")
                break
            except OSError:
                time.sleep(0.1)
        self.stream = self.socket.makefile("rb")
        print("pid", server.pid, flush=True)

    def reply(self):
        line = self.stream.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            return None
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.stream.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        return rest

    def __call__(self, *words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        return self.reply()


def value(size):
    return b"v" * size


def jobs(redis):
    """Jobs are pushed to a list; a consumer takes `consume` a second."""
    state = {"due": 0.0, "queued": 0}

    def handle(key, size):
        global leaked
        redis("RPUSH", "jobs", value(size))
        state["queued"] += size + 30
        state["due"] = max(state["due"], seconds() - 0.5)
        while state["due"] < seconds():
            state["due"] += 1 / param("consume", 50)
            job = redis("LPOP", "jobs")
            if job is None:
                break
            state["queued"] -= len(job) + 30
        leaked = state["queued"]
    return handle


def cache(redis):
    """GET, and SET on a miss; the server evicts beyond maxmemory."""
    def handle(key, size):
        if redis("GET", key) is None:
            redis("SET", key, value(size))
    return handle


def expiring(redis):
    """Sessions with a time to live; each `save` s a snapshot is written by a forked child."""
    due = [param("save", 1e9)]

    def handle(key, size):
        redis("SET", key, value(size), "EX", int(param("ttl", 20) * random.uniform(0.7, 1.3)) + 1)
        if seconds() > due[0]:
            due[0] += param("save", 1e9)
            redis("CONFIG", "SET", "rdb-key-save-delay", int(param("slow", 100)))
            redis("BGSAVE")
    return handle


def main():
    handle = {m.__name__: m for m in (jobs, cache, expiring)}[sys.argv[1]](Redis())
    requests, reported = 0, 0.0
    for line in sys.stdin:
        key, size = map(int, line.split())
        handle(key, size)
        requests += 1
        if time.monotonic() > reported + 0.4:
            reported = time.monotonic()
            print(requests, leaked, "-", flush=True)


main()
