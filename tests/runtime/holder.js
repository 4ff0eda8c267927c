// Holds memory as it is told: `hold MIB`, `buffers MIB`, `drop`; among garbage. `busy` never comes back.
const held = [];
let garbage;
console.log('ready');
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const [order, mib] = line.split(' ');
  if (order === 'drop') held.length = 0;
  for (let piece = 0; piece < 16 * (mib || 0); piece++) {
    // Doubles of 8 bytes, in V8's own heap.
    held.push(order === 'hold' ? new Array(8192).fill(0.5) : Buffer.alloc(65536, 1));
    garbage = new Array(8192).fill(0.5);
  }
  console.log('ready');
  while (order === 'busy');
});
