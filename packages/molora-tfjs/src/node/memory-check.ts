/** Whether a run fits into memory, before its weights are read, and what to say when it did not. */
import { freemem, totalmem } from 'node:os';
import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import type { AdapterSpec } from '../adapters/adapter-spec.js';
import type { DecoderConfig } from '../decoder/config.js';
import { trainingMemory } from '../training/memory.js';
import type { TrainingSettings } from '../training/settings.js';

/** What a 32-bit address reaches. */
const WASM_BYTES = 2 ** 32;
/** Of the limit, what tensors may take where a size is chosen: the program and its garbage need the rest. */
const SHARE = 0.6;

export interface MemoryRequest {
  readonly config: DecoderConfig;
  readonly spec: AdapterSpec;
  /** Tokens of each sequence. */
  readonly lengths: readonly number[];
  readonly recompute: boolean;
  readonly backend: string;
  /** Bytes that there are. */
  readonly limit: number;
}

/** Bytes that the backend can hold on this machine; nothing is known of the memory of a GPU. */
export function memoryLimit(backend: string): number {
  if (backend === 'webgpu') return Number.POSITIVE_INFINITY;
  const machine = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return backend === 'wasm' ? Math.min(WASM_BYTES, machine) : machine;
}

/**
 * The largest part of a batch that leaves room in memory; 1 where none does.
 *
 * @param free bytes that nothing else on the machine takes
 */
export function largestMicroBatch(
  batchSize: number,
  request: MemoryRequest,
  free: number = freemem(),
): number {
  const room = SHARE * Math.min(request.limit, free);
  const parts = Array.from({ length: batchSize }, (_, i) => batchSize - i);
  const fitting = parts.find(
    (rows) => batchSize % rows === 0 && bytesOf(request, { rows }) <= room,
  );
  return fitting ?? 1;
}

/** @throws AlphaLoraError `INVALID_OPTION` when the tensors alone do not fit, with what would */
export function checkMemory(
  { microBatchSize }: Pick<TrainingSettings, 'microBatchSize'>,
  request: MemoryRequest,
): void {
  const { limit, recompute, backend } = request;
  const bytes = bytesOf(request, { rows: microBatchSize });
  if (bytes <= limit) return;
  const rows = largestMicroBatch(microBatchSize, request);
  const others: [what: string, change: { rows?: number; recompute?: boolean }][] = [
    ['recompute', { recompute: true }],
    [`a micro-batch size of ${rows}`, { rows }],
    [`recompute with a micro-batch size of ${rows}`, { rows, recompute: true }],
  ];
  const fixes = others
    .filter(([, change]) => !(recompute && change.recompute))
    .map(([what, change]) => ({
      what,
      bytes: bytesOf(request, { rows: microBatchSize, ...change }),
    }))
    .filter((fix) => fix.bytes <= limit)
    .map((fix) => `${fix.what} (${gigabytes(fix.bytes)})`);
  const advice =
    fixes.length > 0 ? `take ${fixes.join(', or ')}` : 'take a smaller model or cutoff';
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `a step needs at least ${gigabytes(bytes)} of memory, and the backend ${backend} has ${gigabytes(limit)}: ${advice}`,
    { details: { bytes, limit, backend } },
  );
}

function bytesOf(
  { config, spec, lengths, ...request }: MemoryRequest,
  change: { rows: number; recompute?: boolean },
): number {
  const length = lengths.reduce((most, own) => Math.max(most, own), 0);
  return trainingMemory(config, spec, { ...request, length, ...change });
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/**
 * Runs with errors that say what happened: WebAssembly reports memory that is used up as an abort
 * without a reason.
 *
 * @throws AlphaLoraError `ENGINE_FAILED` in place of an abort
 */
export async function withMemoryErrors<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (cause) {
    const abort =
      cause instanceof WebAssembly.RuntimeError ||
      /^Aborted\(/.test(String((cause as Error)?.message));
    if (!abort || tf.getBackend() !== 'wasm') throw cause;
    throw new AlphaLoraError(
      'ENGINE_FAILED',
      'the backend wasm has no memory left, of which it can have 4 GB: take recompute, a smaller micro-batch size or cutoff, or the backend node',
      { cause, details: { backend: 'wasm' } },
    );
  }
}
