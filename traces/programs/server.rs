//! Memory behaviours of a Rust server. Usage: server_rs MODE [name=value ...]
//! Reads requests ("key size") from standard input, reports "requests leaked_bytes -".
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::BufRead;
use std::rc::Rc;
use std::time::Instant;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn percent(&mut self) -> f64 {
        (self.next() % 1_000_000) as f64 / 1e4
    }
}

fn param(name: &str, otherwise: f64) -> f64 {
    std::env::args()
        .filter_map(|a| a.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
        .next()
        .unwrap_or(otherwise)
}

/// A mode: handles a request (key, size) and returns the bytes leaked so far.
type Mode = Box<dyn FnMut(u64, usize) -> u64>;

/// Sessions in a ring of bounded size; the expiry index gets an entry per refresh and is never cleaned.
fn index() -> Mode {
    let live = param("live", 20000.0) as u64;
    let mut sessions: HashMap<u64, Vec<u8>> = HashMap::new();
    let mut index: Vec<(u64, String)> = Vec::new();
    let mut leaked = 0;
    Box::new(move |key, size| {
        sessions.insert(key, vec![1; size]);
        sessions.remove(&key.saturating_sub(live));
        let tag = "s".repeat(param("tag", 400.0) as usize);
        leaked += tag.len() as u64 + 48;
        index.push((key, tag));
        leaked
    })
}

/// A log-structured store: updates append to segments; compaction (each `every` s) keeps only the newest records.
fn log() -> Mode {
    const SEGMENT: usize = 1 << 20;
    let (every, mut due) = (param("every", 120.0), param("every", 120.0));
    let began = Instant::now();
    let mut segments: Vec<Vec<u8>> = vec![Vec::with_capacity(SEGMENT)];
    let mut newest: HashMap<u64, (usize, usize, usize)> = HashMap::new();
    fn append(segments: &mut Vec<Vec<u8>>, record: &[u8]) -> (usize, usize, usize) {
        if segments.last().unwrap().len() + record.len() > SEGMENT {
            segments.push(Vec::with_capacity(SEGMENT));
        }
        let last = segments.len() - 1;
        segments[last].extend_from_slice(record);
        (last, segments[last].len() - record.len(), record.len())
    }
    Box::new(move |key, size| {
        newest.insert(key, append(&mut segments, &vec![7; size.min(SEGMENT)]));
        if began.elapsed().as_secs_f64() >= due {
            due += every;
            let mut fresh = vec![Vec::with_capacity(SEGMENT)];
            for place in newest.values_mut() {
                let record = segments[place.0][place.1..place.1 + place.2].to_vec();
                *place = append(&mut fresh, &record);
            }
            segments = fresh;
        }
        0
    })
}

/// Each of `connections` keeps a read buffer as large as its largest message so far.
fn buffers() -> Mode {
    let mut buffers: Vec<Vec<u8>> = vec![Vec::new(); param("connections", 400.0) as usize];
    let (max, mut random) = (param("max", 262144.0) as usize, Random(88172645463325252));
    Box::new(move |_, size| {
        let connection = (random.next() % buffers.len() as u64) as usize;
        let buffer = &mut buffers[connection];
        buffer.clear();
        buffer.resize(size.min(max), 1);
        0
    })
}

struct Node {
    _payload: Vec<u8>,
    peer: RefCell<Option<Rc<Node>>>,
}

/// A ring of `live` documents; `leak` % of the requests leave a pair of nodes that own each other.
fn cycle() -> Mode {
    let (live, leak) = (param("live", 3000.0) as usize, param("leak", 0.0));
    let mut ring: Vec<Vec<u8>> = Vec::new();
    let (mut at, mut leaked, mut random) = (0, 0, Random(88172645463325252));
    Box::new(move |_, size| {
        if ring.len() < live {
            ring.push(vec![1; size]);
        } else {
            at = (at + 1) % live;
            ring[at] = vec![1; size];
        }
        let a = Rc::new(Node { _payload: vec![2; size], peer: RefCell::new(None) });
        let b = Rc::new(Node { _payload: vec![3; size / 4], peer: RefCell::new(Some(a.clone())) });
        if random.percent() < leak {
            *a.peer.borrow_mut() = Some(b);
            leaked += (size + size / 4) as u64 + 160;
        }
        leaked
    })
}

fn main() {
    let mode = std::env::args().nth(1).unwrap_or_default();
    let mut handle = match mode.as_str() {
        "index" => index(),
        "log" => log(),
        "buffers" => buffers(),
        "cycle" => cycle(),
        _ => panic!("unknown mode"),
    };
    let (mut requests, mut reported) = (0u64, Instant::now());
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let mut words = line.split(' ');
        let mut number = || words.next().and_then(|w| w.parse().ok()).unwrap_or(1u64);
        let (key, size) = (number(), number());
        let leaked = handle(key, size as usize);
        requests += 1;
        if reported.elapsed().as_secs_f64() >= 0.4 {
            reported = Instant::now();
            println!("{requests} {leaked} -");
        }
    }
}
