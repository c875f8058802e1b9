/**
 * Reads LoRA adapters, in the forms of the programs that save them. Every tensor of the file is
 * accounted for: as a factor, as a weight that the adapter holds whole (trained biases,
 * `modules_to_save`), or by an error.
 */
import { defined } from '@alphalora/contracts';
import type { FormatContent } from '@alphalora/contracts/extensions';
import { elementTypes, type WeightTensor } from '@alphalora/contracts/weights';
import { invalid, unsupported } from '../errors.js';
import { readFormat } from '../formats/read.js';
import { readJsonObject } from '../json.js';
import { stacksOf } from '../naming/stacks.js';
import type { FileTensor } from '../tensors/file-tensor.js';
import type { RowGroup } from '../tensors/recipe.js';
import { reordered } from '../tensors/row-order.js';
import { weightsOf } from '../tensors/weights.js';
import { requireLittleEndian } from '../values/decode.js';
import { elementCount } from '../values/sizes.js';
import type { Adapter, AdapterOptions, AdapterSources, LoraUpdate } from './adapter.js';
import { chosenUpdates } from './experts.js';
import { wholeFactor } from './factors.js';
import { readForm } from './forms/index.js';
import type { FoundPair } from './forms/pairs.js';

/** A rank and a scale for every module of a large mixture of experts. */
const MAX_CONFIG_BYTES = 16_000_000;

/**
 * Reads the header and the configuration of an adapter.
 *
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when a file breaks its format, a factor is missing,
 *   shapes, ranks and configuration contradict one another, or the configuration is needed and not
 *   given; `UNSUPPORTED_CHECKPOINT` when the adapter is not plain LoRA: another `peft_type`, DoRA,
 *   LoHa, LoKr, several adapters in one file, or several experts of which none is chosen;
 *   `INVALID_OPTION` when the chosen expert is not there
 */
export async function readAdapter(
  sources: AdapterSources,
  options: AdapterOptions = {},
): Promise<Adapter> {
  requireLittleEndian();
  return adapterOf(await readFormat(sources.weights, options.signal), sources, options);
}

/** What a file of weights holds, as an adapter; see {@link readAdapter}. */
export async function adapterOf(
  content: FormatContent,
  { weights, config: configSource, name }: AdapterSources,
  { expert, topK, signal }: AdapterOptions,
): Promise<Adapter> {
  const notes: string[] = [];
  const onNote = (note: string): void => void notes.push(note);
  const config =
    configSource &&
    (await readJsonObject(configSource, MAX_CONFIG_BYTES, { signal, dialect: 'python', onNote }));
  const { tensors, metadata } = content;
  const form = await readForm(
    {
      tensors: tensors.map((tensor) => ({ ...tensor, file: weights.name })),
      metadata,
      file: weights.name,
      ...defined({ topK }),
      ...(config && { config: { value: config, file: configSource!.name } }),
    },
    signal,
  );
  const { format, pairs, others, base, mixture, routers } = form;
  const { updates, note } = chosenUpdates(pairs.map(updateOf), {
    ...{ choice: expert, name: name ?? weights.name, format },
    ...defined({ router: mixture?.router }),
  });
  if (note !== undefined) notes.push(note);
  return {
    source: name ?? weights.name,
    format,
    // That of another adapter may lie beside a file of llama.cpp, which needs none.
    ...defined({ config: format === 'GGUF' ? undefined : config, base, mixture, routers }),
    updates,
    saved: savedWeights(others, updates),
    metadata,
    notes: [...notes, ...(form.notes ?? []), ...(content.notes ?? [])],
    weights,
    async close() {
      await weights.close?.();
    },
  };
}

function updateOf({
  module,
  embedding,
  a,
  b,
  scale,
  inputFirst = false,
  turned = false,
  rank: expected,
  expert,
  rows,
  rowsIn,
}: FoundPair): LoraUpdate {
  const { file } = a;
  const place = { file, tensor: a.name };
  const { rank, inputs, outputs, kernel } = sidesOf(a, b, turned);
  const readBIn = (order: readonly RowGroup[]) => wholeFactor(reordered(b, order, file), false);
  const shapes = `A is [${a.shape}], B is [${b.shape}]`;
  const count = elementCount([inputs, outputs, ...kernel]);
  if (rank * count === 0) throw invalid(`${shapes}: a side is zero`, place);
  if (count * 8 > Number.MAX_SAFE_INTEGER) {
    throw invalid(`${shapes}: their product is larger than any weight`, place);
  }
  if (expected !== undefined && rank !== expected) {
    throw invalid(
      `${shapes}, but the configuration gives the module the rank ${expected}; the two files are of different adapters`,
      place,
    );
  }
  const update: LoraUpdate = {
    module,
    rank,
    ...defined({ expert }),
    scale,
    dtype: a.dtype,
    inputs,
    outputs,
    ...(kernel.length > 0 && { kernel }),
    ...((embedding || inputFirst) && { inputFirst: true }),
    ...(embedding && { embedding }),
    readA: wholeFactor(a, turned !== false),
    readB: rows ? readBIn(rows) : wholeFactor(b, turned === true),
  };
  if (!rowsIn) return update;
  return { ...update, withHeads: (config) => ({ ...update, readB: readBIn(rowsIn(config)) }) };
}

interface Sides {
  rank: number;
  inputs: number;
  outputs: number;
  kernel: readonly number[];
}

/** The sides of the update, from factors that fit one another. */
function sidesOf(a: FileTensor, b: FileTensor, turned: boolean | 'a'): Sides {
  const { file } = a;
  for (const { name, shape, dtype } of [a, b]) {
    const place = { file, tensor: name };
    if (elementTypes[dtype].values !== 'float') {
      throw unsupported(`its type ${dtype} is not a floating-point number; save it in F32`, place);
    }
    if (shape.length < 2 || shape.length !== a.shape.length) {
      throw invalid(`shape [${shape}] is not that of a matrix`, place);
    }
  }
  const shapes = `A is [${a.shape}], B is [${b.shape}]`;
  const place = { file, tensor: a.name };
  const [first, second, ...kernel] = a.shape as [number, number, ...number[]];
  const [firstOfB, secondOfB, ...points] = b.shape as [number, number, ...number[]];
  const [rank, inputs] = turned !== false ? [second, first] : [first, second];
  const [outputs, rankOfB] = turned === true ? [secondOfB, firstOfB] : [firstOfB, secondOfB];
  if (rank !== rankOfB) throw invalid(`${shapes}: their ranks differ; save it again`, place);
  // A convolution with the kernels of A, then one of single points.
  if (points.some((side) => side !== 1)) {
    throw invalid(`${shapes}: B is no convolution of single points; save it again`, place);
  }
  return { rank, inputs, outputs, kernel };
}

/** An adapted weight that is saved as well keeps the name that PEFT's wrapper gives it. */
function savedWeights(
  tensors: readonly FileTensor[],
  updates: readonly LoraUpdate[],
): WeightTensor[] {
  const adapted = new Set(updates.map(({ module }) => `${module}.weight`));
  const options = { config: undefined, stacks: stacksOf(tensors), splitFused: false };
  return tensors.flatMap((tensor) => {
    const name = adapted.has(tensor.name)
      ? tensor.name.replace(/weight$/, 'base_layer.weight')
      : tensor.name;
    return weightsOf({ ...tensor, name }, options);
  });
}
