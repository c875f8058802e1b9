/** Allocations of rank for models of which only names and shapes are known. */
import { readCheckpoint } from '@alphalora/checkpoint';
import type { Allocation, MatrixRow } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';
import { allocatedModel } from '@alphalora/documents';

export interface NamedTensors {
  config: Record<string, unknown>;
  tensors: ReadonlyArray<readonly [name: string, shape: number[]]>;
}

/** The same rank for all projections of a block, another one for each block. */
export async function allocatedByBlock(
  { config, tensors }: NamedTensors,
  rankOf: (block: number, role: string) => number,
): Promise<Allocation> {
  const checkpoint = await readCheckpoint({
    files: [emptyFile(tensors)],
    config: textSource('config.json', JSON.stringify(config)),
  });
  const rows = checkpoint.tensors.flatMap((tensor): MatrixRow[] => {
    const { name, shape, dtype, kind, block, stack, role, inputFirst, stacked, notMatrix } = tensor;
    const isMeasured = shape.length >= 2 && kind === 'projection' && notMatrix === undefined;
    const row = {
      ...({ dtype, kind, reason: 'no values', status: isMeasured ? 'failed' : 'skipped' } as const),
      ...(block !== undefined && { block }),
      ...(stack && { stack }),
      ...(role !== undefined && { role }),
      ...(inputFirst && { inputFirst }),
    };
    if (!stacked) return [{ ...row, name, shape: [...shape] }];
    return Array.from({ length: shape[0]! }, (_, i) => ({
      ...row,
      name: `${name}[${i}]`,
      shape: shape.slice(1),
    }));
  });
  const own = rows.filter((row) => row.block !== undefined && row.status === 'failed');
  const blocks = [...new Set(own.map(({ block }) => block!))].sort((a, b) => a - b);
  const places = new Map(own.map(({ block, stack }) => [block!, stack]));
  return {
    schemaVersion: 1,
    kind: 'allocation',
    policy: { name: 'uniform', version: '1', options: {} },
    budget: { unit: 'rank', total: 1 },
    model: allocatedModel({
      model: { source: 'memory', blocks: blocks.length, ...architectureOf(checkpoint) },
      matrices: rows,
    }),
    blocks: blocks.map((index) => ({
      ...{ index, score: 2, experts: 1, topK: 1 },
      ...(places.get(index) && { stack: places.get(index)! }),
    })),
    projections: own.map(({ name, shape, block, role, inputFirst }) => {
      const [first = 1, ...rest] = shape;
      const other = rest.reduce((product, length) => product * length, 1);
      const [inputs, outputs] = inputFirst ? [first, other] : [other, first];
      const rank = rankOf(block!, role!);
      return { name, block: block!, role: role!, inputs, outputs, experts: 1, topK: 1, rank };
    }),
    experts: blocks.map(() => 1),
    topK: blocks.map(() => 1),
  };
}

function architectureOf({ architecture }: { architecture?: string }) {
  return architecture === undefined ? {} : { architecture };
}

/** A safetensors file that has a header and, as far as anybody reads it, zeros. */
function emptyFile(tensors: NamedTensors['tensors']): ByteSource {
  let end = 0;
  const entries = tensors.map(([name, shape]) => {
    const start = end;
    end += 2 * shape.reduce((product, length) => product * length, 1);
    return [name, { dtype: 'F16', shape, data_offsets: [start, end] }] as const;
  });
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const head = new Uint8Array(8 + header.length);
  new DataView(head.buffer).setBigUint64(0, BigInt(header.length), true);
  head.set(header, 8);
  return {
    name: 'model.safetensors',
    byteLength: head.length + end,
    async read(from, to) {
      const bytes = new Uint8Array(to - from);
      bytes.set(head.subarray(Math.min(from, head.length), Math.min(to, head.length)));
      return bytes;
    },
  };
}

function textSource(name: string, text: string): ByteSource {
  const bytes = new TextEncoder().encode(text);
  return {
    name,
    byteLength: bytes.length,
    async read(from, to) {
      return bytes.slice(from, to);
    },
  };
}
