#!/usr/bin/env python3
"""An HTTP server with a habit of memory: server.py MODE PORT [size=BYTES] [every=N] [entries=N]. See README.md.

Each mode is a function that returns a handler of (key, number of the request), and a handler returns the bytes that its
request has leaked.
"""
import collections, ctypes, http.server, inspect, math, os, random, signal, sys, threading, time

NOISE = os.urandom(2 << 20)


def payload(size):
    start = random.randrange(len(NOISE) - size)
    return NOISE[start:start + size]


def chunk(size):
    """What malloc takes for `size` bytes."""
    return max(32, (size + 8 + 15) // 16 * 16)


def allocated(*objects):
    """What Python takes for objects: its own allocator to 512 bytes, malloc beyond."""
    sizes = [sys.getsizeof(thing) for thing in objects]
    return sum((size + 15) // 16 * 16 if size <= 512 else chunk(size) for size in sizes)


DICT_ENTRY, LIST_SLOT = 25, 9   # with the room that they are ahead


def callback_of(content, previous=None):
    """A closure that holds its content, and what it costs."""
    def callback():
        return len(content), previous
    return callback, allocated(content, callback, callback.__closure__, *callback.__closure__)


# ---------------------------------------------------------------- leaks

def cache(size=1024):
    """The key has something unique in it."""
    entries = {}

    def handle(key, number):
        name = f"{key}:{number}"
        if name not in entries:
            entries[name] = payload(size)
        return allocated(name, entries[name]) + DICT_ENTRY
    return handle


def listener(size=1024):
    listeners = []

    def handle(key, number):
        callback, cost = callback_of(payload(size))
        listeners.append(callback)
        return cost + LIST_SLOT
    return handle


def closure(size=1024):
    latest = None

    def handle(key, number):
        nonlocal latest
        latest, cost = callback_of(payload(size), latest)
        return cost
    return handle


def error(size=1024, every=10):
    failures = []

    def handle(key, number):
        content = payload(size)
        if number % every:
            return 0
        failure = ValueError(content)
        failures.append(failure)
        return allocated(failure, failure.args, content) + LIST_SLOT
    return handle


def offheap(size=1024):
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = [ctypes.c_size_t]

    def handle(key, number):
        ctypes.memmove(libc.malloc(size), payload(size), size)
        return chunk(size)
    return handle


THREAD_DEPTH, THREAD_COST = 30, 56_000   # measured


def thread(size=1024, every=50):
    """Waits for ever at the bottom of a stack that goes through C, so that its pages are in use."""
    never = threading.Event()
    threading.stack_size(256 << 10)

    def descend(level, content):
        return list(map(descend, [level - 1], [content])) if level else never.wait()

    def handle(key, number):
        if number % every:
            return 0
        content = payload(size)
        threading.Thread(target=descend, args=(THREAD_DEPTH, content), daemon=True).start()
        return THREAD_COST + allocated(content)
    return handle


def small(size=200):
    kept = []

    def handle(key, number):
        kept.append(payload(size))
        return allocated(kept[-1]) + LIST_SLOT
    return handle


# ---------------------------------------------------------------- clean

def lru(size=1024, entries=3000):
    cached = collections.OrderedDict()

    def handle(key, number):
        name = random.randrange(2 * entries)
        if name in cached:
            cached.move_to_end(name)
        else:
            cached[name] = payload(size)
            if len(cached) > entries:
                cached.popitem(last=False)
        return 0
    return handle


def garbage(size=1024):
    """In cycles, so that only the collector frees it; soon, as what it finds late it lets pile up in each thread's arena."""
    recent = collections.deque(maxlen=4)

    def handle(key, number):
        pieces = [[payload(size)] for _ in range(256)]
        for piece in pieces:
            piece.append(piece)
        recent.append(pieces)
        return 0
    return handle


def batch(size=1024, entries=2000):
    rows = []

    def handle(key, number):
        rows.extend(payload(size) for _ in range(8))
        if number % entries == 0:
            rows.clear()
        return 0
    return handle


def pool(size=1024, entries=64):
    """A connection is busy for some 20 ms; a new one is opened while all are busy and there are fewer than `entries`."""
    connections = []   # [free again at, buffers]

    def handle(key, number):
        now = time.monotonic()
        chosen = min(connections, key=lambda connection: connection[0], default=None)
        if len(connections) < entries and (chosen is None or chosen[0] > now):
            chosen = [now, [payload(16 * size) for _ in range(16)]]
            connections.append(chosen)
        chosen[0] = max(now, chosen[0]) - 0.02 * math.log(1 - random.random())
        return 0
    return handle


def warmup(size=1024, entries=600):
    tables = {}

    def handle(key, number):
        name = random.randrange(entries)
        if name not in tables:
            tables[name] = payload(16 * size)
        return 0
    return handle


def sessions(size=1024):
    live = collections.deque()   # (ends at, contents)

    def handle(key, number):
        now = time.monotonic()
        while live and live[0][0] <= now:
            live.popleft()
        live.append((now + 5, [payload(size) for _ in range(4)]))
        return 0
    return handle


def arena(size=1024, entries=4000):
    slots = [None] * entries

    def handle(key, number):
        for _ in range(8):
            slots[random.randrange(entries)] = payload(int(size / 8 * 64 ** random.random()))
        return 0
    return handle


MODES = {mode.__name__: mode for mode in (cache, listener, closure, error, offheap, thread, small,
                                          lru, garbage, batch, pool, warmup, sessions, arena)}


# ---------------------------------------------------------------- server

class Work:
    def __init__(self, mode, options):
        taken = inspect.signature(MODES[mode]).parameters
        self.mode, self.handle = mode, MODES[mode](**{name: options[name] for name in taken if name in options})
        self.lock, self.requests, self.leaked = threading.Lock(), 0, 0

    def answer(self, path):
        with self.lock:
            if path == "/truth":
                return 200, f'{{"requests":{self.requests},"leaked_bytes":{self.leaked}}}'
            if path == "/metrics":
                return 200, f"# TYPE http_requests_total counter\nhttp_requests_total {self.requests}\n"
            if not path.startswith("/item/"):
                return 404, "not found\n"
            self.requests += 1
            leaked = self.handle(path[len("/item/"):], self.requests)
            self.leaked += leaked
            return (500, "failed\n") if self.mode == "error" and leaked else (200, "done\n")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1   # an answer is one write

    def do_GET(self):
        status, body = self.server.work.answer(self.path)
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128


def main():
    try:
        mode, port = sys.argv[1], int(sys.argv[2])
        options = {name: int(value) for name, value in (argument.split("=") for argument in sys.argv[3:])}
        if options.get("size", 0) > 65536:
            raise ValueError(options["size"])
        work = Work(mode, options)
    except (IndexError, KeyError, ValueError):
        sys.exit(__doc__.splitlines()[0])
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server = Server(("127.0.0.1", port), Handler)
    server.work = work
    print("ready", server.server_address[1], flush=True)
    server.serve_forever()


main()
