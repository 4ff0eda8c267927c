// Memory behaviours of a Node.js server. Usage: node server.js MODE [name=value ...]
// Reads requests ("key size") from standard input, reports "requests leaked_bytes live_heap|-":
// the live heap is the V8 heap in use right after a major collection.
'use strict';
const { EventEmitter } = require('events');
const { PerformanceObserver, constants } = require('perf_hooks');
const v8 = require('v8');

const parameters = Object.fromEntries(process.argv.slice(3).map((a) => a.split('=')));
const param = (name, otherwise) => Number(parameters[name] ?? otherwise);
const began = Date.now();
const seconds = () => (Date.now() - began) / 1000;
const lucky = (percent) => Math.random() * 100 < percent;
let requests = 0, leaked = 0, live = '-', garbage;

// a JSON document of about `size` bytes on the V8 heap
function document(key, size) {
  const fields = [];
  for (let i = 0; i < size / 100; i++) fields.push({ id: key * 1000 + i, text: `field ${key} ${i} ${'x'.repeat(20)}`, at: i });
  return { key, fields: JSON.parse(JSON.stringify(fields)) };
}

const ring = [];
let at = 0;
function remember(value, n) {
  if (ring.length < n) ring.push(value);
  else ring[at++ % n] = value;
}

// lru: a cache of `entries` documents
function lru() {
  const entries = param('entries', 5000), cache = new Map();
  return (key, size) => {
    garbage = document(key, size);
    const hit = cache.get(key);
    if (hit) cache.delete(key);
    cache.set(key, hit ?? document(key, size));
    if (cache.size > entries) cache.delete(cache.keys().next().value);
  };
}

// sessions: sessions end `ttl` s after their last request
function sessions() {
  const ttl = param('ttl', 10), table = new Map();
  return (key, size) => {
    garbage = document(key, size);
    const s = table.get(key) ?? { document: document(key, size) };
    table.delete(key);
    s.seen = seconds();
    table.set(key, s);
    for (const [k, old] of table) {
      if (seconds() - old.seen <= ttl) break;
      table.delete(k);
    }
  };
}

// timers: every new session starts a refresh timer; `leak` % of the sessions end without stopping theirs
function timers() {
  const ttl = param('ttl', 8), leak = param('leak', 0), open = new Map();
  return (key, size) => {
    garbage = document(key, size);
    if (open.has(key)) return;
    const d = document(key, size);
    const timer = setInterval(() => { d.at = seconds(); }, 20000);
    const lost = lucky(leak);
    if (lost) leaked += size * 1.1 + 300;
    open.set(key, timer);
    setTimeout(() => {
      if (!lost) clearInterval(timer);
      open.delete(key);
    }, ttl * 1000 * (0.5 + Math.random()));
  };
}

// listeners: from second `onset` on `leak` % of the requests leave their listener on a shared emitter
function listeners() {
  const bus = new EventEmitter(), leak = param('leak', 0), onset = param('onset', 0), keep = param('live', 500);
  bus.setMaxListeners(0);
  return (key, size) => {
    remember(document(key, size), keep);
    const d = document(key, size);
    const listener = () => d.key;
    bus.on('change', listener);
    if (seconds() >= onset && lucky(leak)) leaked += size * 1.1 + 150;
    else setImmediate(() => bus.off('change', listener));
  };
}

// slabs: `leak` % of the requests keep a 200-byte piece of a pooled Buffer of 8 KiB, and so the pool
function slabs() {
  const leak = param('leak', 0), kept = [], keep = param('live', 500);
  return (key, size) => {
    remember(document(key, size), keep);
    const piece = Buffer.allocUnsafe(200).fill(key & 255);
    for (let i = 0; i < 40; i++) garbage = Buffer.allocUnsafe(200).fill(i);
    if (lucky(leak)) {
      kept.push(piece);
      leaked += 8192 + 150;
    }
  };
}

// promises: `leak` % of the requests wait for an answer that never comes, each holding its document
function promises() {
  const leak = param('leak', 0), waiting = [], keep = param('live', 500);
  return (key, size) => {
    remember(document(key, size), keep);
    if (!lucky(leak)) return;
    const d = document(key, size);
    waiting.push(new Promise(() => {}).then(() => d.key));
    waiting[waiting.length - 1].document = d;
    leaked += size * 1.1 + 300;
  };
}

new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) live = v8.getHeapStatistics().used_heap_size;
  }
}).observe({ entryTypes: ['gc'] });

const handle = { lru, sessions, timers, listeners, slabs, promises }[process.argv[2]]();
let rest = '';
process.stdin.on('data', (data) => {
  const lines = (rest + data).split('\n');
  rest = lines.pop();
  for (const line of lines) {
    const [key, size] = line.split(' ').map(Number);
    handle(key, size);
    requests++;
  }
});
process.stdin.on('end', () => process.exit(0));
setInterval(() => console.log(requests, Math.round(leaked), live), 400);
