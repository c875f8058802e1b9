/**
 * Adapters as the released code of MoLA and AlphaLoRA loads them; see `forms/mola.ts`. That code adapts the same roles
 * in every block, each with a router and the same number of experts of one rank within a block, and has one lora_alpha,
 * which a block's rank divides. So smaller experts are filled up with zeros, scalings that lora_alpha does not give
 * are multiplied into B, one expert gets a router of zeros, which weighs it by 1, and a module that is left alone
 * gets experts of zeros.
 */
import type { Checkpoint } from '../../checkpoint.js';
import { unsupported } from '../../errors.js';
import type { TensorData } from '../../formats/safetensors/serialize.js';
import { encodeValues, type FloatDType } from '../../values/encode.js';
import type { Adapter, LoraUpdate } from '../adapter.js';
import { TOP_K } from '../forms/mola.js';
import { WRAPPER } from '../forms/peft.js';
import { alphaOf } from '../pattern-keys.js';
import { factorsOf, narrow, type PlainFactors, writtenType } from './factors.js';

interface MolaAdapter {
  readonly tensors: readonly TensorData[];
  /** adapter_config.json */
  readonly config: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
}

/** A module of a block, as it is written. */
interface Slot {
  readonly module: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Empty where the adapter leaves the module alone. */
  readonly experts: readonly LoraUpdate[];
}

interface Block {
  readonly slots: readonly Slot[];
  readonly experts: number;
  readonly topK: number;
  readonly rank: number;
}

/** What the released models of Llama, Mistral and Gemma take adapters of. */
const place = /^model\.layers\.(\d{1,3})\.(self_attn\.[qkvo]_proj|mlp\.(?:gate|up|down)_proj)$/;

/**
 * @param model whose blocks are counted, where it is known
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when the released code cannot have the adapter: another router,
 *   other modules, or several numbers of experts within a block
 */
export async function molaAdapter(
  adapter: Adapter,
  model: Pick<Checkpoint, 'blocks' | 'config'> | undefined,
  signal: AbortSignal | undefined,
): Promise<MolaAdapter> {
  const { base, config } = adapter;
  requireTopK(adapter);
  const all = blocksOf(adapter, model?.blocks);
  const alpha = commonAlpha(all);
  const tensors: TensorData[] = [];
  const [folded, filled]: [Set<string>, Set<string>] = [new Set(), new Set()];
  for (const { slots, experts: count, rank } of all) {
    for (const slot of slots) {
      signal?.throwIfAborted();
      for (let e = 0; e < count; e++) {
        const update = slot.experts[e];
        if (!update) filled.add(slot.module);
        else if (alphaOf(rank, update.scale) !== alpha) folded.add(slot.module);
        tensors.push(...(await expertTensors(slot, e, { rank, alpha, signal })));
      }
      tensors.push(await routerTensor(adapter, slot, count, signal));
    }
  }
  const drop = config?.['lora_dropout'];
  const roles = all[0]!.slots.map(({ module }) => module.slice(module.lastIndexOf('.') + 1));
  const [experts, topK] = [all.map((block) => block.experts), all.map((block) => block.topK)];
  return {
    tensors,
    config: {
      ...{ peft_type: 'LORA', task_type: 'CAUSAL_LM', bias: 'none' },
      base_model_name_or_path: base ?? null,
      ...{ r: all.map(({ rank }) => rank), lora_alpha: alpha },
      lora_dropout: typeof drop === 'number' ? drop : 0,
      target_modules: roles,
      ...{ fan_in_fan_out: false, init_lora_weights: true, inference_mode: true },
      // Arguments of the released code, which passes over them here.
      number_experts: experts,
      [TOP_K]: topK,
    },
    notes: [
      `the released code takes these as arguments: --number_experts "${experts}" --top_k "${topK}" --lora_target_modules "${roles}"`,
      ...noteOn(
        folded,
        (amount) =>
          `the scalings of ${amount} are not those that lora_alpha ${alpha} gives: multiplied into B`,
      ),
      ...noteOn(
        filled,
        (amount) => `${amount} of no expert, where the released code has some: experts of zeros`,
      ),
      ...(model && hasGroupedQueries(model)
        ? [
            'the Llama of the released code has as many heads of keys as of queries, and this model has fewer: it does not load there',
          ]
        : []),
      ...(model === undefined
        ? [
            `it is written for a model of ${all.length} blocks, as far as the adapter goes: --base counts those of the model`,
          ]
        : []),
    ],
  };

  function noteOn(modules: ReadonlySet<string>, text: (amount: string) => string): string[] {
    const [first] = modules;
    const { size } = modules;
    if (first === undefined) return [];
    return [`${text(`${size} ${size === 1 ? 'module' : 'modules'}`)} (${first})`];
  }
}

/** Of Llama; that of Mistral has them. */
function hasGroupedQueries({ config = {} }: Pick<Checkpoint, 'config'>): boolean {
  const { model_type: type, num_attention_heads: heads, num_key_value_heads: own } = config;
  return type === 'llama' && typeof own === 'number' && own !== heads;
}

function requireTopK({ saved, mixture, source }: Adapter): void {
  const why =
    saved.length > 0
      ? `it holds the weight ${JSON.stringify(saved[0]!.name)} whole`
      : mixture && mixture.router !== 'top-k'
        ? `its router is ${JSON.stringify(mixture.router)}`
        : undefined;
  if (why === undefined) return;
  throw unsupported(`${why}, and the released code of MoLA has experts under a top-k router only`, {
    file: source,
  });
}

function blocksOf({ updates, mixture, source }: Adapter, known: number | undefined): Block[] {
  const found: Array<Map<string, LoraUpdate[]>> = [];
  const sides = new Map<string, { inputs: number; outputs: number }>();
  for (const update of updates) {
    const { module, inputs, outputs, embedding, kernel, inputFirst } = update;
    const [, number, role] = (!embedding && !kernel && !inputFirst && place.exec(module)) || [];
    if (role === undefined) {
      throw unsupported(
        `it adapts ${JSON.stringify(module)}, and the released code of MoLA adapts the projections model.layers.<block>.self_attn and .mlp of Llama, Mistral and Gemma`,
        { file: source },
      );
    }
    const block = found[Number(number)] ?? new Map<string, LoraUpdate[]>();
    found[Number(number)] = block;
    const same = block.get(role);
    if (same) same.push(update);
    else block.set(role, [update]);
    const other = sides.get(role) ?? { inputs, outputs };
    if (other.inputs !== inputs || other.outputs !== outputs) {
      throw unsupported(`${module} is of another shape than ${role} of other blocks`, {
        file: source,
      });
    }
    sides.set(role, other);
  }
  const hole = found.findIndex((block) => !block);
  if (known === undefined && hole >= 0) {
    throw unsupported(
      `it changes nothing in block ${hole}, where the released code of MoLA has experts, too; give the model that it was trained on as the base (--base)`,
      { file: source },
    );
  }
  return Array.from({ length: Math.max(found.length, known ?? 0) }, (_, index): Block => {
    const own = found[index] ?? new Map<string, LoraUpdate[]>();
    const slots = [...sides].map(
      ([role, shape]): Slot => ({
        ...{ module: `model.layers.${index}.${role}`, ...shape },
        experts: own.get(role) ?? [],
      }),
    );
    const adapted = slots.filter(({ experts }) => experts.length > 0);
    const only = (what: string, values: readonly number[]): number => {
      const [first = 1, ...others] = [...new Set(values)].sort((a, b) => a - b);
      if (others.length === 0) return first;
      throw unsupported(
        `block ${index} has projections of ${[first, ...others].join(' and ')} ${what}, and the released code of MoLA has one number for a block; allocate per block`,
        { file: source },
      );
    };
    return {
      slots,
      experts: only(
        'experts',
        adapted.map(({ experts }) => experts.length),
      ),
      topK: only(
        'selected experts',
        adapted.map(({ module }) => mixture?.topK[module] ?? 1),
      ),
      rank: Math.max(1, ...adapted.flatMap(({ experts }) => experts.map(({ rank }) => rank))),
    };
  });
}

/** The one of most experts, which then stay as they are. */
function commonAlpha(blocks: readonly Block[]): number {
  const counts = new Map<number, number>();
  for (const { slots, rank } of blocks) {
    for (const { scale } of slots.flatMap(({ experts }) => experts)) {
      const alpha = alphaOf(rank, scale);
      if (alpha > 0) counts.set(alpha, (counts.get(alpha) ?? 0) + 1);
    }
  }
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first ? first[0] : 1;
}

/** What the experts of a block have in common. */
interface Written {
  readonly rank: number;
  readonly alpha: number;
  readonly signal: AbortSignal | undefined;
}

async function expertTensors(
  { module, inputs, outputs, experts }: Slot,
  expert: number,
  { rank, alpha, signal }: Written,
): Promise<TensorData[]> {
  const update = experts[expert];
  const own: PlainFactors = update
    ? await factorsOf(update, signal)
    : { a: new Float32Array(), b: new Float32Array() };
  const a = new Float32Array(rank * inputs);
  a.set(own.a);
  const b = new Float32Array(outputs * rank);
  // What is equal stays equal, bit for bit.
  const isSame = !update || alphaOf(rank, update.scale) === alpha;
  const factor = isSame ? 1 : (update.scale * rank) / alpha;
  const width = update?.rank ?? 0;
  for (let i = 0; i < outputs; i++) {
    for (let k = 0; k < width; k++) b[i * rank + k] = factor * own.b[i * width + k]!;
  }
  const type = update ? writtenType(update) : 'F32';
  const tensor = (letter: string, shape: number[], values: Float32Array, dtype: FloatDType) => ({
    ...{ name: `${WRAPPER}${module}.lora_${letter}_${expert}.weight`, dtype, shape },
    bytes: encodeValues(values, dtype),
  });
  // What is multiplied in would be rounded by a smaller type.
  return [
    tensor('A', [rank, inputs], a, type),
    tensor('B', [outputs, rank], b, factor === 1 ? type : 'F32'),
  ];
}

async function routerTensor(
  { routers = [] }: Adapter,
  { module, inputs, experts }: Slot,
  count: number,
  signal: AbortSignal | undefined,
): Promise<TensorData> {
  const name = `${module}.router.router.weight`;
  const stored = experts.length > 1 ? routers.find((tensor) => tensor.name === name) : undefined;
  const values = stored
    ? narrow(await stored.read(undefined, undefined, signal))
    : new Float32Array(count * inputs);
  const type = stored ? writtenType(stored) : 'F32';
  return {
    ...{ name: `${WRAPPER}${name}`, dtype: type, shape: [count, inputs] },
    bytes: encodeValues(values, type),
  };
}
