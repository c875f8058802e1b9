/**
 * Adapters as llama.cpp loads them (`convert_lora_to_gguf.py`, `src/llama-adapter.cpp` of ggml-org/llama.cpp); see
 * `forms/gguf.ts`. The file has one alpha, from which llama.cpp makes alpha / rank for each module, in float32.
 * Where the scale of a module is another, the rest of it is multiplied into B.
 */
import { transposed } from '@alphalora/contracts/weights';
import { unsupported } from '../../errors.js';
import { type MetadataEntry, serializeGguf } from '../../formats/gguf/serialize.js';
import { architectureIn, numberIn, type Settings } from '../../formats/gguf/settings.js';
import type { TensorData } from '../../formats/safetensors/serialize.js';
import type { RowGroup } from '../../tensors/recipe.js';
import { encodeValues } from '../../values/encode.js';
import type { Adapter, LoraUpdate } from '../adapter.js';
import { familyIn, fileName, rowsOfUpdate } from '../gguf-modules.js';
import { alphaOf } from '../pattern-keys.js';
import { factorsOf, narrow, writtenType } from './factors.js';

interface GgufAdapter {
  readonly pieces: Uint8Array[];
  readonly notes: readonly string[];
}

/**
 * @param settings of the model: its architecture, and how many heads it has
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when the adapter holds weights whole, or changes what llama.cpp
 *   has no adapters for; `INVALID_CHECKPOINT` when rows do not divide among the heads
 */
export async function ggufAdapter(
  adapter: Adapter,
  settings: Settings,
  signal: AbortSignal | undefined,
): Promise<GgufAdapter> {
  const { updates, saved, source } = adapter;
  const names = namesOf(adapter, settings);
  if (saved.length > 0) {
    throw unsupported(
      `it holds the weight ${JSON.stringify(saved[0]!.name)} whole, which llama.cpp takes from no adapter; merge it into its base (alphalora adapter merge)`,
      { file: source },
    );
  }
  const alpha = commonAlpha(updates);
  const family = familyIn(settings)!;
  const tensors: TensorData[] = [];
  const folded: string[] = [];
  for (const [i, update] of updates.entries()) {
    signal?.throwIfAborted();
    const { rank, inputs, outputs, embedding, module } = update;
    const own = await factorsOf(update, signal);
    const rest = (update.scale * rank) / alpha;
    const isFolded = !isSame(update, alpha);
    if (isFolded) folded.push(module);
    const rows = rowsOfUpdate(names[i]!, outputs, { settings, family, file: source });
    const b = rows ? inFileOrder(own.b, rank, rows) : own.b;
    const typeOfA = writtenType(update);
    // What is multiplied in would be rounded by a smaller type.
    const typeOfB = isFolded ? 'F32' : typeOfA;
    tensors.push(
      {
        name: `${names[i]}.weight.lora_a`,
        dtype: typeOfA,
        shape: embedding ? [inputs, rank] : [rank, inputs],
        bytes: encodeValues(embedding ? narrow(transposed(own.a, rank, inputs)) : own.a, typeOfA),
      },
      {
        name: `${names[i]}.weight.lora_b`,
        dtype: typeOfB,
        shape: [outputs, rank],
        bytes: encodeValues(isFolded ? b.map((value) => value * rest) : b, typeOfB),
      },
    );
  }
  return {
    pieces: serializeGguf({ metadata: metadataOf(adapter, settings, alpha), tensors }),
    notes: notesOn(updates, folded, alpha),
  };
}

/** Their names in the file, in the order of the updates. */
function namesOf({ updates, source }: Adapter, settings: Settings): string[] {
  const architecture = architectureIn(settings);
  const family = familyIn(settings);
  if (!family) {
    throw unsupported(
      `llama.cpp's names for the modules of the architecture ${JSON.stringify(architecture)} are not known here; use convert_lora_to_gguf.py of llama.cpp`,
      { file: source },
    );
  }
  return updates.map(({ module, kernel }) => {
    const name = kernel ? undefined : fileName(module, family);
    if (name !== undefined) return name;
    const why = /\.experts\.\d+\./.test(module)
      ? 'which has the experts of a block in one tensor'
      : 'which has no name for it';
    throw unsupported(
      `it adapts ${JSON.stringify(module)}, and that is not written for ${architecture} of llama.cpp, ${why}; merge the adapter into its base (alphalora adapter merge) and convert the model`,
      { file: source },
    );
  });
}

/** The alpha of most parameters, as float32; not 0, which stands for a scale of 1. */
function commonAlpha(updates: readonly LoraUpdate[]): number {
  const counts = new Map<number, number>();
  for (const { rank, scale, inputs, outputs } of updates) {
    const alpha = Math.fround(alphaOf(rank, scale));
    if (alpha === 0 || !Number.isFinite(alpha)) continue;
    counts.set(alpha, (counts.get(alpha) ?? 0) + rank * (inputs + outputs));
  }
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first ? first[0] : 1;
}

/** Whether float32 holds the alpha of the update as it holds this one. */
function isSame({ rank, scale }: LoraUpdate, alpha: number): boolean {
  return Math.fround(alphaOf(rank, scale)) === alpha;
}

/** From the order of the model to that in which rows of the groups lie. */
function inFileOrder(
  values: Float32Array,
  rank: number,
  groups: readonly RowGroup[],
): Float32Array {
  const stored = new Float32Array(values.length);
  let row = 0;
  for (const [first, count, step] of groups) {
    const column = count / step;
    for (let j = 0; j < count; j++, row++) {
      const at = first + Math.floor(j / column) + (j % column) * step;
      stored.set(values.subarray(row * rank, (row + 1) * rank), at * rank);
    }
  }
  return stored;
}

function metadataOf(
  { base }: Pick<Adapter, 'base'>,
  settings: Settings,
  alpha: number,
): MetadataEntry[] {
  const architecture = architectureIn(settings);
  // llama.cpp reads over these; with them, the order of the rows is known without the base.
  const heads = ['attention.head_count', 'attention.head_count_kv', 'expert_count'].flatMap(
    (name): MetadataEntry[] => {
      const value = numberIn(settings, name);
      return value === undefined ? [] : [[`${architecture}.${name}`, 'u32', value]];
    },
  );
  return [
    ['general.architecture', 'text', architecture],
    ['general.type', 'text', 'adapter'],
    ...(base === undefined
      ? []
      : ([
          ['general.base_model.count', 'u32', 1],
          ['general.base_model.0.name', 'text', base],
        ] as const)),
    ['adapter.type', 'text', 'lora'],
    ['adapter.lora.alpha', 'f32', alpha],
    ...heads,
  ];
}

function notesOn(
  updates: readonly LoraUpdate[],
  folded: readonly string[],
  alpha: number,
): string[] {
  const rounded = updates.some(
    (update) => isSame(update, alpha) && alphaOf(update.rank, update.scale) !== alpha,
  );
  return [
    ...(folded.length > 0
      ? [
          `a GGUF file has one alpha, here ${alpha}; the scales of ${folded.length} of ${updates.length} modules are others, and multiplied into B, in F32 (${folded[0]} for one)`,
        ]
      : []),
    ...(rounded ? [`alpha is rounded to float32, as GGUF has it: ${alpha}`] : []),
  ];
}
