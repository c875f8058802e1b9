/**
 * Elements that are dequantized in a second, of every type that ggml stores in blocks, beside the Python
 * package gguf on numpy: one thread each, in turns, medians.
 *
 *   pip install gguf                                # the peer; without it only ours is measured
 *   npm run setup
 *   node benchmarks/dequantization.mjs [--rounds 5] [--types Q4_K,Q6_K]
 *
 * PYTHON names the interpreter of the peer. 4096 x 4096 elements of seeded random bytes, in memory before any
 * clock starts. `into an array` fills the same array again and again, as reading does; `decodeValues` and
 * gguf also allocate what they return, and its pages, which are new to the process, take most of the time.
 *
 * After them, weights of codes beside their scales, into the same array, by the time of the processor.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { memorySource, storedTensor } from '../packages/checkpoint/dist/index.js';
import { decodeElements } from '../packages/checkpoint/dist/quantization/decoding.js';
import { schemes } from '../packages/checkpoint/dist/quantization/schemes.js';
import { decodeInto, decodeValues } from '../packages/checkpoint/dist/values/decode.js';
import { elementTypes } from '../packages/contracts/dist/entry-weights.js';
import { machine, median, python, startPeer, uniform } from './lib.mjs';

const rows = 4096;
const count = rows * 4096;
const blocked = Object.keys(elementTypes).filter((dtype) => elementTypes[dtype].elements >= 32);
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    types: { type: 'string', default: blocked.join() },
  },
});
const peer = await startPeer(python, [
  fileURLToPath(new URL('peers/dequantization.py', import.meta.url)),
]);
console.log(JSON.stringify({ ...machine(), peer: peer?.about.versions ?? 'absent' }));

const folder = mkdtempSync(join(tmpdir(), 'alphalora-bench-'));
const file = join(folder, 'stored');
const target = new Float32Array(count);
try {
  for (const dtype of options.types.split(',')) {
    const { elements, bytes } = elementTypes[dtype];
    const random = uniform(1);
    const stored = Uint8Array.from({ length: (count / elements) * bytes }, () => 256 * random());
    writeFileSync(file, stored);
    const contestants = {
      'into an array': () => seconds(() => decodeInto(stored, dtype, target)),
      decodeValues: () => seconds(() => decodeValues(stored, dtype)),
      ...(peer && { gguf: async () => (await peer.ask({ dtype, file, rows })).seconds }),
    };
    const times = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
    // The first round warms up.
    for (let round = 0; round <= Number(options.rounds); round++) {
      for (const [name, run] of Object.entries(contestants)) {
        const took = await run();
        if (round > 0) times[name].push(took);
      }
    }
    const rates = Object.entries(times).map(
      ([name, list]) => `${name} ${(count / median(list) / 1e6).toFixed(0)}`,
    );
    console.log(`${dtype}: ${rates.join('; ')} million elements/s`);
  }
  for (const [title, tensors] of Object.entries(scaledWeights())) {
    const { decoding, quantization } = await scaledWeight(tensors);
    const times = [];
    for (let round = 0; round <= Number(options.rounds); round++) {
      const { user } = process.cpuUsage();
      await decodeElements(decoding, target, 0);
      if (round > 0) times.push((process.cpuUsage().user - user) / 1e6);
    }
    const rate = (count / median(times) / 1e6).toFixed(0);
    console.log(`${title} (${quantization}): into an array ${rate} million elements/s`);
  }
} finally {
  peer?.stop();
  rmSync(folder, { recursive: true });
}

/** The stored tensors of a weight in each scheme, 4096 x 4096. */
function scaledWeights() {
  const random = uniform(2);
  const tensor = (name, dtype, shape, byte = () => 127 * random()) => {
    const { elements, bytes } = elementTypes[dtype];
    const length = (shape.reduce((a, b) => a * b, 1) / elements) * bytes;
    return { name: `h.0.proj.${name}`, dtype, shape, bytes: Uint8Array.from({ length }, byte) };
  };
  // Of BF16 and F32: about 0.01 each, whatever the lower bytes are.
  const scales = (name, dtype, shape) => {
    const size = elementTypes[dtype].bytes;
    return tensor(name, dtype, shape, (_, i) => (i % size === size - 1 ? 0x3c : 0x23));
  };
  const codes = (dtype) => tensor('weight', dtype, [rows, 4096]);
  return {
    'FP8 in blocks': [codes('F8_E4M3'), scales('weight_scale_inv', 'F32', [32, 32])],
    'FP8 in rows': [codes('F8_E4M3'), scales('weight_scale', 'F32', [rows, 1])],
    MXFP8: [codes('F8_E4M3'), tensor('weight_scale', 'F8_E8M0', [rows, 128])],
    'int8 in rows': [codes('I8'), scales('weight_scale', 'BF16', [rows, 1])],
    'int8 of bitsandbytes': [codes('I8'), scales('SCB', 'F32', [rows])],
    NVFP4: [
      tensor('weight', 'U8', [rows, 2048]),
      tensor('weight_scale', 'F8_E4M3', [rows, 256]),
      scales('weight_scale_2', 'F32', [1]),
    ],
  };
}

/** The weight that a scheme finds in stored tensors, and how its values are made of them. */
async function scaledWeight(tensors) {
  const stored = tensors.map(({ bytes, ...place }) => {
    const source = memorySource(bytes, place.name);
    return { ...storedTensor(source, { ...place, start: 0, end: bytes.length }), file: place.name };
  });
  const get = (name) => stored.find((tensor) => tensor.name === name);
  for (const scheme of schemes) {
    if (!scheme.codes.test('weight')) continue;
    const found = await scheme.find(stored[0], { config: {}, settings: {}, metadata: {}, get });
    if (found) return { ...found, decoding: scheme.decoding(found.parts, found.layout) };
  }
}

function seconds(work) {
  const started = performance.now();
  work();
  return (performance.now() - started) / 1000;
}
