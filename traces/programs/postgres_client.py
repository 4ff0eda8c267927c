"""A PostgreSQL server and its client. Usage: postgres_client.py MODE [name=value ...]

Reads requests ("key size") from standard input and turns them into queries; reports
"pid N" of the server once, then "requests leaked_bytes -".
"""
import ctypes, glob, os, random, shutil, signal, socket, struct, subprocess, sys, time

PARAMETERS = dict(word.split("=") for word in sys.argv[2:])
HERE = os.getcwd()
leaked = 0


def param(name, otherwise):
    return float(PARAMETERS.get(name, otherwise))


def lucky(percent):
    return random.random() * 100 < percent


def end_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)          # PR_SET_PDEATHSIG


def program(name):
    return shutil.which(name) or sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))[-1]


# the server refuses to run as root
USER = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


class Connection:
    """Just enough of the protocol for simple queries without a password."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(f"{HERE}/data/.s.PGSQL.5432")
        self.stream = self.socket.makefile("rb")
        body = struct.pack("!i", 196608) + b"user\0postgres\0database\0postgres\0\0"
        self.socket.sendall(struct.pack("!i", len(body) + 4) + body)
        self.wait()

    def wait(self):
        while True:
            kind, length = struct.unpack("!ci", self.stream.read(5))
            body = self.stream.read(length - 4)
            if kind == b"E":
                raise RuntimeError(body.decode(errors="replace"))
            if kind == b"Z":
                return

    def __call__(self, query):
        body = query.encode() + b"\0"
        self.socket.sendall(b"Q" + struct.pack("!i", len(body) + 4) + body)
        self.wait()


def start():
    os.mkdir("data")
    if os.geteuid() == 0:
        shutil.chown("data", "postgres", "postgres")
    subprocess.run([program("initdb"), "-D", f"{HERE}/data", "-U", "postgres", "-A", "trust", "-N"],
                   check=True, stdout=subprocess.DEVNULL, **USER)
    settings = {"listen_addresses": "", "unix_socket_directories": f"{HERE}/data", "fsync": "off",
                "max_connections": "400", "shared_buffers": f"{param('buffers', 32):.0f}MB",
                "work_mem": f"{param('work', 4):.0f}MB", "jit": "off"}
    server = subprocess.Popen(
        [program("postgres"), "-D", f"{HERE}/data"] + [w for s in settings.items() for w in ("-c", "=".join(s))],
        preexec_fn=end_with_parent, stdout=subprocess.DEVNULL, **USER)
    while True:
        try:
            return server, Connection()
        except OSError:
            time.sleep(0.2)


def rows(connection, count, width):
    connection("create table t (id int primary key, body text)")
    connection(f"insert into t select i, repeat(md5(i::text), {width // 32}) from generate_series(1, {count}) i")
    connection("checkpoint")


def cursors(connection):
    """Pages of a result: `leak` % of the cursors declared WITH HOLD are never closed."""
    rows(connection, 20000, 320)
    number = 0

    def handle(key, size):
        global leaked
        nonlocal number
        number += 1
        count = max(size // 360, 1)
        connection(f"declare c{number} cursor with hold for select * from t "
                   f"where id between {key % 19000} and {key % 19000 + count - 1}")
        connection(f"fetch 5 from c{number}")
        if lucky(param("leak", 0)):
            leaked += count * 570 + 28000
        else:
            connection(f"close c{number}")
    return handle


def connections(connection):
    """`leak` % of the requests leave a connection open that has worked a little."""
    rows(connection, 20000, 320)
    opened = []

    def handle(key, size):
        global leaked
        if lucky(param("leak", 0)) and len(opened) < 380:
            fresh = Connection()
            fresh(f"select count(*) from t a join t b using (id) where id < {size}")
            opened.append(fresh)
            leaked += int(param("weight", 3.5e6))
        connection(f"select * from t where id = {key % 20000}")
    return handle


def shared(connection):
    """Random reads through `sessions` connections of a table larger than the shared buffers."""
    rows(connection, int(param("rows", 150000)), 960)
    pool = [Connection() for _ in range(int(param("sessions", 3)))]

    def handle(key, size):
        random.choice(pool)(f"select body from t where id = {key}")
    return handle


def catalog(connection):
    """`sessions` connections meet more and more of `tables` tables; each keeps their descriptions."""
    tables = int(param("tables", 800))
    for i in range(tables):
        connection(f"create table t{i} (id int primary key, name text, at timestamptz default now(), n numeric)")
    pool = [Connection() for _ in range(int(param("sessions", 6)))]

    def handle(key, size):
        random.choice(pool)(f"select name, n from t{key % tables} where id = {size} order by at limit 5")
    return handle


def main():
    server, connection = start()
    handle = {m.__name__: m for m in (cursors, connections, shared, catalog)}[sys.argv[1]](connection)
    print("pid", server.pid, flush=True)
    requests, reported = 0, 0.0
    for line in sys.stdin:
        key, size = map(int, line.split())
        handle(key, size)
        requests += 1
        if time.monotonic() > reported + 0.4:
            reported = time.monotonic()
            print(requests, leaked, "-", flush=True)


main()
