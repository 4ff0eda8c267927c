// An HTTP server with a habit of memory: node server.js MODE PORT [size=BYTES] [every=N] [entries=N]. See README.md.
// Each mode is a function that returns a handler of (key, number of the request), and a handler returns the bytes that
// its request has leaked.
'use strict';
const http = require('http');
const { randomBytes } = require('crypto');
const { EventEmitter } = require('events');

const NOISE = randomBytes(2 << 20);
const below = (bound) => Math.floor(Math.random() * bound);
const random = (size) => { const start = below(NOISE.length - size); return NOISE.subarray(start, start + size); };

/** A string in V8's heap, a byte a character. */
const payload = (size) => random(size).latin1Slice();
const payloads = (count, size) => Array.from({ length: count }, () => payload(size));

/** What V8 takes for a string. */
const string = (length) => 16 + Math.ceil(length / 8) * 8;
/** What malloc takes for `size` bytes. */
const chunk = (size) => Math.max(32, Math.ceil((size + 8) / 16) * 16);

// Of objects with the room that their containers are ahead.
const MAP_ENTRY = 40, ARRAY_SLOT = 10;
const CLOSURE = 64 + 40;               // the function, and the context with what it captures
const FAILURE = 24 + 16;               // the object and its number
const BUFFER = 360;                    // Buffer, ArrayBuffer, the records of its store: measured
const TIMER = 140;                     // Timeout: measured

// ---------------------------------------------------------------- leaks

const leaks = {
  /** The key has something unique in it. */
  cache({ size = 1024 }) {
    const entries = new Map();
    return (key, number) => {
      const name = `${key}:${number}`;
      if (!entries.has(name)) entries.set(name, payload(size));
      return string(size) + string(name.length) + MAP_ENTRY;
    };
  },

  listener({ size = 1024 }) {
    const emitter = new EventEmitter().setMaxListeners(0);
    return () => {
      const content = payload(size);
      emitter.on('change', () => content.length);
      return string(size) + CLOSURE + ARRAY_SLOT;
    };
  },

  closure({ size = 1024 }) {
    let latest;
    return () => {
      const content = payload(size), previous = latest;
      latest = () => [content, previous];
      return string(size) + CLOSURE + 8;
    };
  },

  error({ size = 1024, every = 10 }) {
    const failures = [];
    return (key, number) => {
      const content = payload(size);
      if (number % every) return 0;
      failures.push({ number, content });
      return string(size) + FAILURE + ARRAY_SLOT;
    };
  },

  /** A Buffer outside V8's heap, and not in the pool that small ones share. */
  offheap({ size = 1024 }) {
    const kept = [];
    return () => {
      const buffer = Buffer.allocUnsafeSlow(size);
      random(size).copy(buffer);
      kept.push(buffer);
      return chunk(size) + BUFFER + ARRAY_SLOT;
    };
  },

  /** Node has no threads to forget: a timer that never comes. */
  thread({ size = 1024, every = 1 }) {
    return (key, number) => {
      if (number % every) return 0;
      const content = payload(size);
      setTimeout(() => content.length, 2 ** 31 - 1);
      return string(size) + CLOSURE + TIMER;
    };
  },

  small({ size = 200 }) {
    const kept = [];
    return () => { kept.push(payload(size)); return string(size) + ARRAY_SLOT; };
  },
};

// ---------------------------------------------------------------- clean

const clean = {
  lru({ size = 1024, entries = 3000 }) {
    const cached = new Map();
    return () => {
      const name = below(2 * entries), content = cached.get(name) ?? payload(size);
      cached.delete(name);
      cached.set(name, content);
      if (cached.size > entries) cached.delete(cached.keys().next().value);
    };
  },

  garbage({ size = 1024 }) {
    const recent = Array(32);
    return (key, number) => { recent[number % recent.length] = payloads(256, size); };
  },

  batch({ size = 1024, entries = 2000 }) {
    let rows = [];
    return (key, number) => {
      rows.push(...payloads(8, size));
      if (number % entries === 0) rows = [];
    };
  },

  /** A connection is busy for some 20 ms; a new one is opened while all are busy and there are fewer than `entries`. */
  pool({ size = 1024, entries = 64 }) {
    const connections = [];
    return () => {
      const now = performance.now();
      let chosen = connections.reduce((a, b) => (b.freeAt < a.freeAt ? b : a), connections[0]);
      if (connections.length < entries && !(chosen?.freeAt <= now)) {
        chosen = { freeAt: now, buffers: Array.from({ length: 16 }, () => Buffer.from(random(16 * size))) };
        connections.push(chosen);
      }
      chosen.freeAt = Math.max(now, chosen.freeAt) - 20 * Math.log(1 - Math.random());
    };
  },

  warmup({ size = 1024, entries = 600 }) {
    const tables = Array(entries);
    return () => { tables[below(entries)] ??= payload(16 * size); };
  },

  sessions({ size = 1024 }) {
    const live = new Map();
    return (key, number) => {
      const now = performance.now();
      for (const [old, { endsAt }] of live) {
        if (endsAt > now) break;
        live.delete(old);
      }
      live.set(number, { endsAt: now + 5000, contents: payloads(4, size) });
    };
  },

  /** Buffers: the small ones are pieces of slabs, and each holds its whole slab. */
  arena({ size = 1024, entries = 4000 }) {
    const slots = Array(entries);
    return () => {
      for (let i = 0; i < 8; i++) slots[below(entries)] = Buffer.from(random(Math.floor(size / 8 * 64 ** Math.random())));
    };
  },
};

// ---------------------------------------------------------------- server

let requests = 0, leaked = 0;

function answer(path, mode, handle) {
  if (path === '/truth') return [200, JSON.stringify({ requests, leaked_bytes: leaked })];
  if (path === '/metrics') return [200, `# TYPE http_requests_total counter\nhttp_requests_total ${requests}\n`];
  if (!path.startsWith('/item/')) return [404, 'not found\n'];
  const bytes = handle(path.slice('/item/'.length), ++requests) ?? 0;
  leaked += bytes;
  return mode === 'error' && bytes ? [500, 'failed\n'] : [200, 'done\n'];
}

function main([mode, port, ...rest]) {
  const make = Object.entries({ ...leaks, ...clean }).find(([name]) => name === mode)?.[1];
  const options = rest.map((option) => option.match(/^(size|every|entries)=(\d+)$/));
  const given = Object.fromEntries(options.map((option) => [option?.[1], Number(option?.[2])]));
  if (!make || !/^\d+$/.test(port) || options.includes(null) || given.size > 65536) {
    console.error('node server.js MODE PORT [size=BYTES] [every=N] [entries=N]');
    process.exit(2);
  }
  const handle = make(given);
  process.on('SIGTERM', () => process.exit(0));
  const server = http.createServer((request, response) => {
    const [status, body] = answer(request.url, mode, handle);
    response.writeHead(status, { 'Content-Length': body.length }).end(body);
  });
  server.keepAliveTimeout = 0;   // idle connections stay
  server.listen(Number(port), '127.0.0.1', () => console.log(`ready ${server.address().port}`));
}

main(process.argv.slice(2));
