/**
 * LoRA adapters of PEFT (huggingface.co/docs/peft), and of others: importing them, with one expert for each projection
 * or with those of the released MoLA and AlphaLoRA code, and writing such adapters for programs that read PEFT's files.
 *
 * Some of those programs read `r` and `lora_alpha` only, not the patterns. So scalings that differ
 * are multiplied into B, and r = lora_alpha = the largest rank with `alpha_pattern` equal to
 * `rank_pattern`: every scaling is then 1, whether the patterns are read or not.
 */
import { type Adapter, adapterCheckpoint, type LoraUpdate } from '@alphalora/checkpoint';
import { alphaOf, updatesByModule } from '@alphalora/checkpoint/adapters';
import { AlphaLoraError, defined, errorIn } from '@alphalora/contracts';
import { transposed, type WeightTensor } from '@alphalora/contracts/weights';
import { allFinite } from '../ops/check-finite.js';
import type { AdaptedProjection, AdapterState, TensorValues } from './adapter-spec.js';
import { checkSpec, factorShapes } from './check.js';
import { peftConfig } from './config.js';
import type { AdapterBase, AdapterFiles, StoredAdapter } from './files.js';
import { type ExpertFactors, packExperts } from './packing.js';
import { checkState, expertsOf, factorData, jsonFile, weightsFile } from './write.js';

/**
 * The factors and scalings of an adapter that `readAdapter` or `openAdapter` of
 * `@alphalora/checkpoint` opened: `rank_pattern`, `alpha_pattern` and `use_rslora` have been
 * followed there.
 *
 * @param adapter of a mixture opened with `expert: 'each'`
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when it changes more than linear maps of blocks;
 *   `INVALID_CHECKPOINT` when a value is NaN or infinite
 */
export async function importPeft(
  adapter: Adapter,
  { signal }: { signal?: AbortSignal } = {},
): Promise<StoredAdapter> {
  const { updates, config, base, weights, mixture, routers = [], notes } = adapter;
  refuseFurther(adapter);
  const modules = updatesByModule(updates);
  const once = [...modules.values()].map(([first]) => first!);
  const described = new Map(
    adapterCheckpoint({ ...adapter, updates: once }).tensors.map((weight) => [weight.name, weight]),
  );
  const projections = [...modules].map(
    ([module, experts]): AdaptedProjection => ({
      ...placeOf(experts[0]!, described.get(`${module}.weight`), weights.name),
      ranks: experts.map(({ rank }) => rank),
      scalings: experts.map(({ scale }) => scale),
      topK: mixture?.topK[module] ?? 1,
    }),
  );
  const drop = config?.['lora_dropout'];
  const spec = {
    projections,
    router: { name: 'top-k', options: {} },
    dropout: typeof drop === 'number' ? drop : 0,
  };
  checkSpec(spec, (what) => errorIn('INVALID_CHECKPOINT', weights.name, what));
  const tensors: Array<[string, TensorValues]> = [];
  const values = async (
    what: string,
    read: Promise<Float32Array | Float64Array>,
  ): Promise<Float32Array> => {
    const found = narrow(await read);
    if (allFinite(found)) return found;
    throw errorIn('INVALID_CHECKPOINT', weights.name, `${what} has NaN or infinity`);
  };
  for (const projection of projections) {
    const { name } = projection;
    const factors: ExpertFactors[] = [];
    for (const { readA, readB } of modules.get(name)!) {
      const what = `a factor of ${JSON.stringify(name)}`;
      const a = await values(what, readA(signal));
      factors.push({ a, b: await values(what, readB(signal)) });
    }
    const packed = packExperts(projection, factors);
    const shapes = factorShapes(projection);
    tensors.push(
      [`${name}.lora_A`, { shape: shapes.a, values: packed.a }],
      [`${name}.lora_B`, { shape: shapes.b, values: packed.b }],
    );
  }
  const matrices = new Map(projections.map(({ name }) => [`${name}.router.router.weight`, name]));
  for (const { name, shape, read } of routers) {
    const module = matrices.get(name);
    const own = await values(JSON.stringify(name), read(undefined, undefined, signal));
    const [rows, columns] = shape as [number, number];
    tensors.push(
      module === undefined
        ? [name, { shape, values: own }]
        : [`${module}.router`, { shape: [columns, rows], values: transposed(own, rows, columns) }],
    );
  }
  return {
    state: { spec, tensors: Object.fromEntries(tensors) },
    ...defined({ base }),
    ...(notes.length > 0 && { notes }),
    ...(updates.some(({ inputFirst }) => inputFirst) && { inputFirst: true }),
  };
}

/** An adapter of experts adds low-rank updates to linear maps, and nothing else. */
function refuseFurther({ config, saved, updates, weights }: Adapter): void {
  const biases = saved.filter(({ name }) => /\.lora_B\b.*\.bias$/.test(name));
  const why =
    config?.['lora_bias'] === true || biases.length > 0
      ? 'lora_bias is set: B has a bias, which the experts here do not have; train the adapter without it'
      : saved.length > 0
        ? `it holds the weight ${JSON.stringify(saved[0]!.name)} whole (modules_to_save or bias), which would be lost; merge the adapter into its base with PEFT (merge_and_unload)`
        : updates.some(({ withHeads }) => withHeads)
          ? 'it has the rows of queries and keys in the order of llama.cpp, and does not say how many heads there are; convert it first: alphalora adapter convert ... --to alphalora --base <model>'
          : undefined;
  if (why !== undefined) throw errorIn('UNSUPPORTED_CHECKPOINT', weights.name, why);
}

function placeOf(
  { module, inputs, outputs, embedding, kernel }: LoraUpdate,
  weight: WeightTensor | undefined,
  file: string,
): Omit<AdaptedProjection, 'ranks' | 'scalings' | 'topK'> {
  if (embedding || kernel || weight?.kind !== 'projection' || weight.block === undefined) {
    throw errorIn(
      'UNSUPPORTED_CHECKPOINT',
      file,
      `it adapts ${JSON.stringify(module)}, and only linear maps of a block can be adapted here; train the adapter without it in target_modules`,
    );
  }
  const { block, role } = weight;
  return { name: module, block, ...defined({ role }), inputs, outputs };
}

function narrow(values: Float32Array | Float64Array): Float32Array {
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

export interface PeftExportOptions extends AdapterBase {
  /**
   * Pads every factor with zeros to the largest rank, for programs that take one rank only.
   * @default false
   */
  readonly uniformRank?: boolean;
}

/**
 * An adapter with one expert for each projection as PEFT's files. Nothing is multiplied in where all
 * projections have one rank and one scaling: the tensors are then those of the adapter.
 *
 * @throws AlphaLoraError `INVALID_OPTION` when a projection has several experts, or as `adapterFiles`
 */
export function peftFiles(
  state: AdapterState,
  { uniformRank = false, ...base }: PeftExportOptions = {},
): AdapterFiles {
  checkState(state);
  const { projections, dropout } = state.spec;
  requireSingleExperts(projections, 'PEFT has one');
  const largest = projections.reduce((most, { ranks }) => Math.max(most, ranks[0]!), 1);
  const [first] = projections;
  const same = projections.every(
    ({ ranks, scalings }) => ranks[0] === largest && scalings[0] === first!.scalings[0],
  );
  const ranks = projections.map((projection) => (uniformRank ? largest : projection.ranks[0]!));
  const tensors = projections.flatMap((projection, i) => {
    const [factors] = expertsOf(projection, state.tensors);
    const scaling = same ? 1 : projection.scalings[0]!;
    const { inputs, outputs } = projection;
    return factorData(projection, 0, ranks[i]!, {
      a: padded(factors!.a, ranks[i]! * inputs),
      b: scaledColumns(factors!.b, scaling, outputs, ranks[i]!),
    });
  });
  const alphas = same ? ranks.map((rank) => alphaOf(rank, first!.scalings[0]!)) : ranks;
  const fields = { ...base, peftType: 'LORA', dropout, projections, ranks, alphas } as const;
  return { weights: weightsFile(tensors), config: jsonFile(peftConfig(fields)) };
}

/** @param why completes "it has 3 experts, and " */
export function requireSingleExperts(projections: readonly AdaptedProjection[], why: string): void {
  const several = projections.find(({ ranks }) => ranks.length > 1);
  if (!several) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `projection ${JSON.stringify(several.name)} has ${several.ranks.length} experts, and ${why}: ` +
      'their sum depends on the token; train with one expert for each projection',
    { details: { projection: several.name } },
  );
}

/** Rows of zeros at the end. */
function padded(values: Float32Array, length: number): Float32Array {
  const result = new Float32Array(length);
  result.set(values);
  return result;
}

/** @param values [outputs, rank] @returns [outputs, width], each row scaled, then zeros */
function scaledColumns(
  values: Float32Array,
  scaling: number,
  outputs: number,
  width: number,
): Float32Array {
  const rank = values.length / outputs;
  const result = new Float32Array(outputs * width);
  for (let i = 0; i < outputs; i++) {
    for (let k = 0; k < rank; k++) result[i * width + k] = scaling * values[i * rank + k]!;
  }
  return result;
}
