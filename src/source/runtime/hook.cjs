// What memtrend has Node load before a program: it answers how much of the heap is live, on a socket beside this file.
// It does not throw, print, or keep the program running; and whether anybody asks makes no difference to the program.
'use strict';
try {
  if (require('worker_threads').isMainThread) {
    const { unlinkSync } = require('fs');
    const { createServer } = require('net');
    const { getHeapStatistics, setFlagsFromString } = require('v8');
    const { pid } = process;
    const path = `${__dirname}/${pid}`;
    let collect;
    let asked = 0;

    const usage = () => {
      asked += 1;
      const { used_heap_size: heapUsed, total_physical_size: heapResident } = getHeapStatistics();
      return { pid, heapUsed, heapResident, asked };
    };

    const collected = () => {
      if (!collect) {
        setFlagsFromString('--expose-gc');
        collect = require('vm').runInNewContext('gc');
        setFlagsFromString('--no-expose-gc');
      }
      // The second waits for what the first has left to other threads: the memory of Buffers above all.
      collect();
      collect();
      return usage();
    };

    const attend = (connection) => {
      connection.on('error', () => {});
      connection.unref();
      connection.once('data', (question) => {
        let said;
        try {
          said = String(question) === 'collect\n' ? collected() : usage();
        } catch (error) {
          said = { error: String(error) };
        }
        connection.end(`${JSON.stringify(said)}\n`);
      });
    };

    try {
      // Of an earlier process with this pid.
      unlinkSync(path);
    } catch (none) {}
    const server = createServer(attend);
    server.on('error', () => {});
    server.maxConnections = 8;
    // Exclusive: a worker of `cluster` would else listen through its primary.
    server.listen({ path, exclusive: true });
    server.unref();
  }
} catch (unusable) {}
