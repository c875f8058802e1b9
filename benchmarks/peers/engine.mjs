/** Our side of `engines.mjs`: one thread, one matrix per line of JSON on standard input. */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

// Built packages, found without being installed here.
const { createWasmEngine } = await import('../../packages/spectra-wasm/dist/node.js');
const { createReferenceEngine } = await import('../../packages/htsr-core/dist/index.js');
const engines = { wasm: createWasmEngine(), 'ml-matrix': createReferenceEngine() };

console.log(JSON.stringify({ pid: process.pid }));
for await (const line of createInterface({ input: process.stdin })) {
  const { engine, file, rows, columns } = JSON.parse(line);
  // In memory before the clock starts, as it is for the peers.
  const stored = await readFile(file);
  const rowBytes = 4 * columns;
  const matrix = {
    name: file,
    rows,
    columns,
    dtype: 'F32',
    async readInto(target, start) {
      target.set(stored.subarray(start * rowBytes, start * rowBytes + target.byteLength));
    },
    async read(start = 0, end = rows) {
      const values = new Float32Array((end - start) * columns);
      await this.readInto(new Uint8Array(values.buffer), start);
      return values;
    },
  };
  const start = performance.now();
  const values = await engines[engine].singularValues(matrix, { precision: 'f32' });
  const seconds = (performance.now() - start) / 1000;
  console.log(JSON.stringify({ seconds, largest: values[0] }));
}
