"""Memory behaviours of a Python server. Usage: server.py MODE [name=value ...]

Reads requests ("key size") from standard input, reports "requests leaked_bytes -".
"""
import os, random, sqlite3, sys, time
from collections import OrderedDict

PARAMETERS = dict(word.split("=") for word in sys.argv[2:])
BEGAN = time.monotonic()
leaked = 0


def param(name, otherwise):
    return float(PARAMETERS.get(name, otherwise))


def seconds():
    return time.monotonic() - BEGAN


def lucky(percent):
    return random.random() * 100 < percent


def document(key, size):
    """A dict of small strings, about `size` bytes with what Python adds."""
    return {f"field {i}": f"{key} {i} " + "x" * 40 for i in range(size // 220 + 1)}


def weight(size):
    return (size // 220 + 1) * 183 + 230


def cache():
    """A dict of all answers, never evicted."""
    table = {}

    def handle(key, size):
        global leaked
        if key not in table:
            table[key] = document(key, size)
            leaked += weight(size) + 130
    return handle


def sessions():
    """Sessions end `ttl` s after their last request, but `leak` % of them stay for ever."""
    ttl, leak, table, lost = param("ttl", 10), param("leak", 0), OrderedDict(), {}

    def handle(key, size):
        global leaked
        now = seconds()
        if key in lost:
            return
        entry = table.pop(key, None)
        if entry is None:
            entry = document(key, size), size
            if lucky(leak):
                lost[key] = entry
                leaked += weight(size) + 180
                return
        table[key] = (*entry[:2], now)
        while table and now - next(iter(table.values()))[2] > ttl:
            table.popitem(last=False)
    return handle


def lru():
    """A cache of `bytes`; from second `onset` on the size of `share` % of the refreshed entries is taken off twice."""
    budget, onset, share, table, account, held = param("bytes", 2e7), param("onset", 1e9), param("share", 0), OrderedDict(), 0, 0

    def handle(key, size):
        global leaked
        nonlocal account, held
        entry = table.pop(key, None)
        if entry:
            account -= weight(entry[1]) * (1 + (seconds() >= onset and lucky(share)))
            held -= weight(entry[1])
        table[key] = document(key, size), size
        account += weight(size)
        held += weight(size)
        while account > budget and table:
            _, old = table.popitem(last=False)
            account -= weight(old[1])
            held -= weight(old[1])
        leaked = int(max(held - budget, 0)) if seconds() >= onset else 0
    return handle


def workers():
    """`workers` processes behind one listener; worker 0 keeps `leak` % of its documents."""
    count, leak, live = int(param("workers", 4)), param("leak", 0), int(param("live", 1000))
    ends, reports = [], os.pipe()
    for n in range(count):
        read, write = os.pipe()
        if os.fork() == 0:
            os.close(write)
            for other in ends:
                os.close(other)
            ring, kept, lost, told = {}, [], 0, 0
            for i, line in enumerate(os.fdopen(read)):
                key, size = map(int, line.split())
                ring[random.randrange(live)] = document(key, size)
                if n == 0 and lucky(leak):
                    kept.append(document(key, size))
                    lost += weight(size)
                    if seconds() > told + 0.3:
                        told = seconds()
                        os.write(reports[1], b"%d\n" % lost)
            os._exit(0)
        os.close(read)
        ends.append(write)
    os.set_blocking(reports[0], False)

    def handle(key, size):
        global leaked
        os.write(ends[random.randrange(count)], b"%d %d\n" % (key, size))
        try:
            leaked = int(os.read(reports[0], 4096).split()[-1])
        except BlockingIOError:
            pass
    return handle


def errors():
    """Failed requests are kept with their traceback, and so with the frames' documents; errors come in storms."""
    kept, ring, live, storm = [], {}, int(param("live", 3000)), [param("every", 40) * 0.7, 0]

    def work(key, size):
        answer = document(key, size)
        if lucky(param("base", 0.1)) or storm[0] < seconds() < storm[1]:
            raise ValueError(key)
        return answer

    def handle(key, size):
        global leaked
        if seconds() > storm[1] and seconds() > storm[0]:
            storm[0] = seconds() + random.expovariate(1 / param("every", 40))
            storm[1] = storm[0] + param("length", 2) * random.uniform(0.5, 1.5)
        try:
            ring[random.randrange(live)] = work(key, size)
        except ValueError as error:
            kept.append(error)
            leaked += weight(size) + 1100
    return handle


def statements():
    """`leak` % of the requests leave a prepared statement with its half-read cursor open."""
    database = sqlite3.connect(":memory:", cached_statements=0)
    database.execute("create table t (id integer primary key, body text)")
    database.executemany("insert into t (body) values (?)", [("x" * 500,)] * 2000)
    opened, ring, live = [], {}, int(param("live", 1000))

    def handle(key, size):
        global leaked
        ring[random.randrange(live)] = document(key, size)
        cursor = database.execute(f"select *, {key} from t where id % 7 = {key % 7} order by body, id")
        cursor.fetchone()
        if lucky(param("leak", 0)):
            opened.append(cursor)
            leaked += int(param("weight", 170000))
        else:
            cursor.close()
    return handle


def intern():
    """A table of the distinct words of all requests; the vocabulary is finite."""
    words = {}

    def handle(key, size):
        words.setdefault(key, document(key, size))
        document(key, size)
    return handle


def reload():
    """Every `every` s a new configuration is loaded beside the old one, which is then dropped; sizes vary."""
    tables, ring, live, due = [None], {}, int(param("live", 2000)), [0.0]

    def handle(key, size):
        ring[random.randrange(live)] = document(key, size)
        if seconds() >= due[0]:
            due[0] += param("every", 60) * random.uniform(0.7, 1.3)
            entries = int(param("entries", 20000) * random.uniform(0.8, 1.2) * (1 + param("step", 0) * (due[0] > param("after", 1e9))))
            tables[0] = {i: f"rule {i} " + "r" * random.randrange(400) for i in range(entries)}
    return handle


def main():
    random.seed(PARAMETERS.get("seed", "1"))
    modes = [cache, sessions, lru, workers, errors, statements, intern, reload]
    handle = {mode.__name__: mode for mode in modes}[sys.argv[1]]()
    requests, reported = 0, 0.0
    for line in sys.stdin:
        key, size = map(int, line.split())
        handle(key, size)
        requests += 1
        if time.monotonic() > reported + 0.4:
            reported = time.monotonic()
            print(requests, leaked, "-", flush=True)


main()
