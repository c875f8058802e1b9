/** Adapters made of counted numbers, and their files. */
import { memorySource, type TensorData } from '@alphalora/checkpoint';
import { seededRandom } from '@alphalora/contracts/numbers';
import type { AdaptedProjection, AdapterState, TensorValues } from '../adapters/adapter-spec.js';
import type { AdapterFiles } from '../adapters/files.js';
import type { AdapterSources } from '../adapters/read.js';

export function projection(
  given: Partial<AdaptedProjection> & { ranks: readonly number[] },
): AdaptedProjection {
  return {
    name: 'model.layers.0.self_attn.q_proj',
    block: 0,
    role: 'q_proj',
    inputs: 3,
    outputs: 2,
    topK: Math.min(2, given.ranks.length),
    scalings: given.ranks.map((rank) => 16 / rank),
    ...given,
  };
}

/** An adapter with linear routers; every number is drawn, none is zero. */
export function stateOf(projections: readonly AdaptedProjection[], seed = 1): AdapterState {
  const tensors: Record<string, TensorValues> = {};
  const fill = (name: string, shape: readonly number[]): void => {
    const random = seededRandom(seed, name);
    const length = shape.reduce((product, side) => product * side, 1);
    tensors[name] = { shape, values: Float32Array.from({ length }, () => random() - 0.5) };
  };
  for (const { name, inputs, outputs, ranks } of projections) {
    const width = ranks.reduce((sum, rank) => sum + rank, 0);
    fill(`${name}.lora_A`, [inputs, width]);
    fill(`${name}.lora_B`, [width, outputs]);
    if (ranks.length > 1) fill(`${name}.router`, [inputs, ranks.length]);
  }
  return {
    spec: { projections, router: { name: 'top-k', options: {} }, dropout: 0.05 },
    tensors,
  };
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let position = 0;
  for (const piece of pieces) {
    bytes.set(piece, position);
    position += piece.byteLength;
  }
  return bytes;
}

/** @param config its text, or a value to be written as JSON */
export function sources(
  weights: Uint8Array | readonly Uint8Array[],
  config: unknown,
): AdapterSources {
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  return {
    weights: memorySource(
      weights instanceof Uint8Array ? weights : joined(weights),
      'adapter/adapter_model.safetensors',
    ),
    config: memorySource(new TextEncoder().encode(text), 'adapter/adapter_config.json'),
  };
}

export function sourcesOf({ weights, config }: AdapterFiles): AdapterSources {
  return sources(weights, config);
}

/** The tensors of a safetensors file, read by hand: name to shape and float32 values. */
export function tensorsIn(pieces: readonly Uint8Array[]): Record<string, TensorValues> {
  const bytes = joined(pieces);
  const size = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header: Record<string, { shape: number[]; data_offsets: [number, number] }> = JSON.parse(
    new TextDecoder().decode(bytes.subarray(8, 8 + size)),
  );
  const { __metadata__: _, ...entries } = header;
  return Object.fromEntries(
    Object.entries(entries).map(
      ([
        name,
        {
          shape,
          data_offsets: [from, to],
        },
      ]) => [
        name,
        { shape, values: new Float32Array(bytes.buffer.slice(8 + size + from, 8 + size + to)) },
      ],
    ),
  );
}

/** A tensor for a file, of float32 numbers. */
export function floats(name: string, shape: number[], values: number[]): TensorData {
  return { name, dtype: 'F32', shape, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}
