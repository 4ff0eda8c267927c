//! An HTTP server with a habit of memory: server MODE PORT [size=BYTES] [every=N] [entries=N]. See README.md.
//! Each mode is a function that makes a handler of (key, number of the request), and a handler returns the bytes that its
//! request has leaked.
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

type Handler = Box<dyn FnMut(&str, usize) -> usize + Send>;
type Payload = Box<[u8]>;

static NOISE: OnceLock<Vec<u8>> = OnceLock::new();

fn random() -> usize {
    static STATE: AtomicU64 = AtomicU64::new(1);
    let z = STATE.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
    ((z ^ z >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 32) as usize
}

/// From 0 to just below 1.
fn chance() -> f64 {
    random() as f64 / (1u64 << 32) as f64
}

fn noise(size: usize) -> &'static [u8] {
    let all = NOISE.get_or_init(|| (0..2 << 20).map(|_| random() as u8).collect());
    &all[random() % (all.len() - size)..][..size]
}

fn payload(size: usize) -> Payload {
    noise(size).into()
}

fn payloads(count: usize, size: usize) -> Vec<Payload> {
    (0..count).map(|_| payload(size)).collect()
}

/// What malloc takes for `size` bytes.
fn chunk(size: usize) -> usize {
    (size + 8).next_multiple_of(16).max(32)
}

/// A share in a hash map with the room that it is ahead; what a thread touches of its stack.
const MAP_ENTRY: usize = 55;
const STACK: usize = 16 << 10;

static OPTIONS: OnceLock<HashMap<String, usize>> = OnceLock::new();

fn option(name: &str, otherwise: usize) -> usize {
    OPTIONS.get().and_then(|options| options.get(name)).copied().unwrap_or(otherwise)
}

fn size() -> usize {
    option("size", 1024)
}

unsafe extern "C" {
    fn mmap(at: *mut u8, length: usize, protection: i32, flags: i32, file: i32, offset: i64) -> *mut u8;
    fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
    fn _exit(status: i32) -> !;
}

// ---------------------------------------------------------------- leaks

/// The key has something unique in it.
fn cache() -> Handler {
    let mut entries = HashMap::new();
    Box::new(move |key, number| {
        let name = format!("{key}:{number}").into_boxed_str();
        let leaked = chunk(size()) + chunk(name.len()) + MAP_ENTRY;
        entries.entry(name).or_insert_with(|| payload(size()));
        leaked
    })
}

fn listener() -> Handler {
    let mut listeners: Vec<Box<dyn Fn() -> usize + Send>> = Vec::new();
    Box::new(move |_, _| {
        let content = payload(size());
        listeners.push(Box::new(move || content.len()));
        chunk(size()) + chunk(size_of::<Payload>()) + size_of::<Payload>()
    })
}

fn closure() -> Handler {
    let mut latest: Box<dyn Fn() -> usize + Send> = Box::new(|| 0);
    Box::new(move |_, _| {
        let (content, previous) = (payload(size()), std::mem::replace(&mut latest, Box::new(|| 0)));
        latest = Box::new(move || if content.is_empty() { previous() } else { content.len() });
        chunk(size()) + chunk(2 * size_of::<Payload>())
    })
}

fn error() -> Handler {
    let (mut failures, every) = (Vec::new(), option("every", 10));
    Box::new(move |_, number| {
        let (content, failed) = (payload(size()), number % every == 0);
        failures.extend(failed.then_some(content));
        if failed { chunk(size()) + size_of::<Payload>() } else { 0 }
    })
}

fn offheap() -> Handler {
    Box::new(move |_, _| {
        // SAFETY: `size` bytes are written to a new mapping: readable and writable (3), private and anonymous (0x22).
        unsafe {
            let pages = mmap(std::ptr::null_mut(), size(), 3, 0x22, -1, 0);
            pages.copy_from_nonoverlapping(noise(size()).as_ptr(), size());
        }
        size().next_multiple_of(4096)
    })
}

fn thread() -> Handler {
    let every = option("every", 50);
    Box::new(move |_, number| {
        if number % every != 0 {
            return 0;
        }
        let content = payload(size());
        let wait_for_ever = move || {
            let frame: [u8; STACK] = noise(STACK).try_into().expect("as long");
            loop {
                std::hint::black_box((&frame, &content));
                std::thread::park();
            }
        };
        std::thread::Builder::new().stack_size(256 << 10).spawn(wait_for_ever).expect("a thread");
        chunk(size()) + STACK + 9800
    })
}

fn small() -> Handler {
    let (mut kept, size) = (Vec::new(), option("size", 200));
    Box::new(move |_, _| {
        kept.push(payload(size));
        chunk(size) + size_of::<Payload>()
    })
}

// ---------------------------------------------------------------- clean

/// A handler that never leaks.
fn clean(mut work: impl FnMut(usize) + Send + 'static) -> Handler {
    Box::new(move |_, number| (work(number), 0).1)
}

fn lru() -> Handler {
    let (mut cached, mut order, entries) = (HashMap::new(), BTreeMap::new(), option("entries", 3000));
    clean(move |number| {
        let name = random() % (2 * entries);
        let (used, _) = cached.entry(name).or_insert_with(|| (0, payload(size())));
        order.remove(used);
        *used = number;
        order.insert(number, name);
        if cached.len() > entries {
            order.pop_first().map(|(_, oldest)| cached.remove(&oldest));
        }
    })
}

fn garbage() -> Handler {
    let mut recent = vec![Vec::new(); 32];
    clean(move |number| recent[number % 32] = payloads(256, size()))
}

fn batch() -> Handler {
    let (mut rows, entries) = (Vec::new(), option("entries", 2000));
    clean(move |number| {
        rows.extend(payloads(8, size()));
        if number % entries == 0 {
            rows.clear();
        }
    })
}

/// A connection is busy for some 20 ms; a new one is opened while all are busy and there are fewer than `entries`.
fn pool() -> Handler {
    let (mut connections, began, entries) = (Vec::<(f64, Vec<Payload>)>::new(), Instant::now(), option("entries", 64));
    clean(move |_| {
        let now = began.elapsed().as_secs_f64();
        if connections.len() < entries && connections.iter().all(|(free_at, _)| *free_at > now) {
            connections.push((now, payloads(16, 16 * size())));
        }
        let chosen = connections.iter_mut().min_by(|a, b| a.0.total_cmp(&b.0)).expect("at least one");
        chosen.0 = chosen.0.max(now) - 0.02 * (1.0 - chance()).ln();
    })
}

fn warmup() -> Handler {
    let mut tables = vec![None; option("entries", 600)];
    clean(move |_| {
        let name = random() % tables.len();
        tables[name].get_or_insert_with(|| payload(16 * size()));
    })
}

fn sessions() -> Handler {
    let mut live = VecDeque::<(Instant, Vec<Payload>)>::new();
    clean(move |_| {
        let now = Instant::now();
        while live.front().is_some_and(|(ends_at, _)| *ends_at <= now) {
            live.pop_front();
        }
        live.push_back((now + Duration::from_secs(5), payloads(4, size())));
    })
}

fn arena() -> Handler {
    let mut slots = vec![payload(0); option("entries", 4000)];
    clean(move |_| {
        for _ in 0..8 {
            let slot = random() % slots.len();
            slots[slot] = payload((size() as f64 / 8.0 * 64f64.powf(chance())) as usize);
        }
    })
}

fn handler(mode: &str) -> Option<Handler> {
    macro_rules! find { ($($name:ident)*) => { match mode { $(stringify!($name) => Some($name()),)* _ => None } } }
    find!(cache listener closure error offheap thread small lru garbage batch pool warmup sessions arena)
}

// --------------------------------------------------------------- server

struct Work {
    mode: String,
    handle: Handler,
    requests: usize,
    leaked: usize,
}

impl Work {
    fn answer(&mut self, path: &str) -> (&'static str, String) {
        let Work { mode, handle, requests, leaked } = self;
        let Some(key) = path.strip_prefix("/item/") else {
            return match path {
                "/truth" => ("200 OK", format!("{{\"requests\":{requests},\"leaked_bytes\":{leaked}}}")),
                "/metrics" => {
                    ("200 OK", format!("# TYPE http_requests_total counter\nhttp_requests_total {requests}\n"))
                }
                _ => ("404 Not Found", "not found\n".into()),
            };
        };
        *requests += 1;
        let bytes = handle(key, *requests);
        *leaked += bytes;
        (if mode == "error" && bytes > 0 { "500 Internal Server Error" } else { "200 OK" }, "done\n".into())
    }
}

/// Serves a connection until it is closed.
fn serve(stream: TcpStream, work: &Mutex<Work>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let (mut path, mut is_last) = (String::new(), false);
    for line in BufReader::new(&stream).lines().map_while(Result::ok) {
        if let Some(rest) = line.strip_prefix("GET ") {
            path = rest.strip_suffix(" HTTP/1.1")?.into();
        } else if line.is_empty() {
            let (status, body) = work.lock().ok()?.answer(&std::mem::take(&mut path));
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            (&stream).write_all(answer.as_bytes()).ok()?;
            if is_last {
                break;
            }
        } else {
            is_last |= line.eq_ignore_ascii_case("connection: close");
        }
    }
    None
}

extern "C" fn end(_: i32) {
    // SAFETY: may be called in a signal handler.
    unsafe { _exit(0) }
}

fn port_and_work(arguments: &[String]) -> Option<(u16, Work)> {
    let [mode, port, rest @ ..] = arguments else { return None };
    let parsed = |option: &String| option.split_once('=').and_then(|(name, n)| Some((name.into(), n.parse().ok()?)));
    OPTIONS.set(rest.iter().map(parsed).collect::<Option<_>>()?).ok()?;
    let handle = handler(mode).filter(|_| size() <= 65536)?;
    Some((port.parse().ok()?, Work { mode: mode.clone(), handle, requests: 0, leaked: 0 }))
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (port, work) = port_and_work(&arguments).expect("server MODE PORT [size=BYTES] [every=N] [entries=N]");
    let work: &Mutex<Work> = Box::leak(Box::new(Mutex::new(work)));
    // SAFETY: the handler only ends the process.
    unsafe { signal(15, end) };
    let listening = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
    println!("ready {}", listening.local_addr().expect("an address").port());
    for stream in listening.incoming().flatten() {
        std::thread::spawn(|| serve(stream, work));
    }
}
