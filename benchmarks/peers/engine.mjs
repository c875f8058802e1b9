/** Our side of `engines.mjs`: one thread, one matrix per line of JSON on standard input. */
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';

// Built packages, found without being installed here.
const { createWasmEngine } = await import('../../packages/spectra-wasm/dist/node.js');
const { createReferenceEngine } = await import('../../packages/htsr-core/dist/index.js');
const engines = { wasm: createWasmEngine(), 'ml-matrix': createReferenceEngine() };

console.log(JSON.stringify({ pid: process.pid }));
for await (const line of createInterface({ input: process.stdin })) {
  const { engine, file, rows, columns } = JSON.parse(line);
  const handle = await open(file);
  const matrix = {
    ...{ name: file, rows, columns, dtype: 'F32' },
    async readInto(target, start) {
      await handle.read(target, 0, target.byteLength, start * columns * 4);
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
  await handle.close();
  console.log(JSON.stringify({ seconds, largest: values[0] }));
}
