/**
 * Adapters from the form of one program to that of another: the factors are those of the adapter, under other
 * names and in another order of their rows. Nothing is measured, and nothing but the headers of a base is read.
 */
import type { Checkpoint } from '../checkpoint.js';
import { invalid, quoted, unsupported } from '../errors.js';
import { architectureIn, type Settings } from '../formats/gguf/settings.js';
import { serializeSafetensors, type TensorData } from '../formats/safetensors/serialize.js';
import type { Adapter, LoraUpdate } from './adapter.js';
import { updatesByModule } from './experts.js';
import { settingsOfConfig } from './gguf-modules.js';
import { moduleFinder } from './modules.js';
import { alphaOf } from './pattern-keys.js';
import { factorsOf, writtenType } from './writing/factors.js';
import { ggufAdapter } from './writing/gguf.js';
import { molaAdapter } from './writing/mola.js';
import { moloraSection } from './writing/molora.js';
import { peftConfig, peftFactors, peftSaved } from './writing/peft.js';

/** PEFT, llama.cpp, `alphalora train`, and the released code of MoLA and AlphaLoRA. */
export type AdapterTarget = 'peft' | 'gguf' | 'alphalora' | 'mola';

export interface ConvertOptions {
  to: AdapterTarget;
  /**
   * The model that it was trained on, of which the headers are read: for GGUF; for a GGUF file that does not say
   * how many heads the model has; and for the names of kohya and diffusers.
   */
  base?: Checkpoint;
  signal?: AbortSignal;
}

export interface ConvertedAdapter {
  /** By their names, in pieces: one of GGUF, which may have any name, or two of PEFT and alphalora. */
  readonly files: Readonly<Record<string, readonly Uint8Array[]>>;
  readonly updates: number;
  /** Weights that the adapter holds whole, which go with it to PEFT. */
  readonly saved: number;
  /** What is other than it was, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * @param adapter with one LoRA for each module: of a mixture, opened with `expert`, which may be `each` for the two
 *   forms that have experts
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when the base is needed and not given, or the form does not hold
 *   what the adapter changes, or its experts; `INVALID_CHECKPOINT` when its modules are not those of the base
 * @example
 * const adapter = await openAdapter('my-lora');
 * const base = await openCheckpoint('llama');
 * const { files } = await convertAdapter(adapter, { to: 'gguf', base });
 */
export async function convertAdapter(
  adapter: Adapter,
  { to, base, signal }: ConvertOptions,
): Promise<ConvertedAdapter> {
  const { adapter: own, settings } = base ? onBase(adapter, base, to) : alone(adapter, to);
  const counts = { updates: own.updates.length, saved: own.saved.length };
  const wide = own.updates.filter((update) => writtenType(update) !== update.dtype);
  const notes = wide.length === 0 ? [] : [`factors of ${wide[0]!.dtype} are written in F32`];
  if (to === 'gguf') {
    const written = await ggufAdapter(own, settings!, signal);
    return {
      files: { 'adapter.gguf': written.pieces },
      ...counts,
      notes: [...notes, ...written.notes],
    };
  }
  if (to === 'mola') {
    const { tensors, config, notes: further } = await molaAdapter(own, base, signal);
    return { files: twoFiles(tensors, config), ...counts, notes: [...notes, ...further] };
  }
  const isMixture = own.updates.some(({ expert }) => expert !== undefined);
  if (isMixture) requireExperts(own, to);
  const section = to === 'alphalora' ? moloraSection(own) : undefined;
  const tensors = [];
  for (const update of own.updates) {
    signal?.throwIfAborted();
    const factors = { ...(await factorsOf(update, signal)), dtype: writtenType(update) };
    tensors.push(...peftFactors(update, update.rank, factors));
  }
  // Routers are written as the weights are that an adapter holds whole.
  for (const weight of [...own.saved, ...((isMixture && own.routers) || [])]) {
    tensors.push(await peftSaved(weight, signal));
  }
  // Of several experts the first stands for all: whoever does not know experts refuses the file.
  const modules = [...updatesByModule(own.updates)].map(([module, [first]]) => {
    const { rank, scale } = first!;
    return { module, rank, alpha: alphaOf(rank, scale) };
  });
  const config = {
    ...peftConfig(own, modules),
    ...(isMixture && { peft_type: 'MOLORA' }),
    ...(section && { molora: section }),
  };
  return { files: twoFiles(tensors, config), ...counts, notes };
}

function twoFiles(
  tensors: readonly TensorData[],
  config: Readonly<Record<string, unknown>>,
): ConvertedAdapter['files'] {
  return {
    'adapter_model.safetensors': serializeSafetensors({ tensors, metadata: { format: 'pt' } }),
    'adapter_config.json': [new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`)],
  };
}

/** @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for a form that has no experts, and the adapter's own */
function requireExperts({ format, source }: Adapter, to: AdapterTarget): void {
  if (to === 'alphalora' && format !== 'AlphaLoRA') return;
  const why =
    to === 'alphalora'
      ? 'it is in that format already; copy its folder'
      : `${to} has one LoRA for a module, and it has several experts; choose one of them, or their mean`;
  throw unsupported(why, { file: source });
}

interface Placed {
  readonly adapter: Adapter;
  /** Of the model, in the words of GGUF; where they are needed. */
  readonly settings?: Settings;
}

/** Of a base that is not given, what the adapter says itself. */
function alone(adapter: Adapter, to: AdapterTarget): Placed {
  const { source, format, base, updates, metadata } = adapter;
  const isOnHub = base !== undefined && /^[\w.-]+\/[\w.-]+$/.test(base);
  const named =
    base === undefined ? '' : `, ${isOnHub ? `hf://${base}` : quoted(base)} by its name`;
  const give = `give the model that it was trained on as the base (--base)${named}`;
  if (updates.some(({ withHeads }) => withHeads)) {
    throw unsupported(
      `it has the rows of queries and keys in the order of llama.cpp, and does not say how many heads there are; ${give}`,
      { file: source },
    );
  }
  if (format === 'kohya' || format === 'diffusers') {
    throw unsupported(
      `the names of its modules are those of ${format}, and only the model tells those that ${to} needs; ${give}`,
      { file: source },
    );
  }
  if (to !== 'gguf') return { adapter };
  if (format === 'GGUF') return { adapter, settings: metadata };
  throw unsupported(
    `a GGUF adapter names the architecture of the model, and orders rows by its heads, which the adapter does not say; ${give}`,
    { file: source },
  );
}

/** With the names of the base, and its heads. */
function onBase(adapter: Adapter, base: Checkpoint, to: AdapterTarget): Placed {
  const { config = {}, metadata } = base;
  const find = moduleFinder(
    base.tensors.map(({ name }) => name),
    adapter,
  );
  const tensors = new Map(base.tensors.map((tensor) => [tensor.name, tensor]));
  const isFlat = adapter.format === 'kohya' || adapter.format === 'diffusers';
  const updates = adapter.updates.map((update): LoraUpdate => {
    const { module, inputs, outputs, kernel = [] } = update;
    const found = find(`${module}.weight`);
    const isHead = /(^|\.)(lm_head|embed_out)$/.test(module);
    if (found === undefined && !isHead) {
      throw invalid(
        `its module ${quoted(module)} is not in ${base.source}; give the model that it was trained on`,
        { file: adapter.weights.name },
      );
    }
    const shape = found === undefined ? undefined : tensors.get(found)!.shape;
    if (shape && plain(shape) !== plain([inputs, outputs, ...kernel])) {
      throw invalid(
        `its update of ${quoted(module)} is [${outputs}, ${inputs}], and the weight in ${base.source} [${shape}]; give the model that it was trained on`,
        { file: adapter.weights.name },
      );
    }
    const ordered = update.withHeads?.(config) ?? update;
    return isFlat && found !== undefined
      ? { ...ordered, module: found.replace(/\.weight$/, '') }
      : ordered;
  });
  const placed = { ...adapter, updates };
  if (to !== 'gguf') return { adapter: placed };
  requireUntied(placed, base);
  const architecture = architectureIn(metadata);
  if (architecture !== '') return { adapter: placed, settings: metadata };
  return { adapter: placed, settings: settingsOfConfig(config, { source: base.source }) };
}

/** The sides of a weight, in no order, without those of single points. */
function plain(shape: readonly number[]): string {
  const sides = shape.filter((side, axis) => axis < 2 || side !== 1);
  return sides.toSorted((a, b) => a - b).join();
}

/** @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` where llama.cpp has one tensor for two modules */
function requireUntied({ updates, source }: Adapter, { tensors, config }: Checkpoint): void {
  const touched = updates.find(
    ({ module, embedding }) => embedding || /(^|\.)(lm_head|embed_out)$/.test(module),
  );
  if (!touched) return;
  const hasHead = tensors.some(({ kind }) => kind === 'head');
  const tied = config?.['tie_word_embeddings'];
  if (tied === false || (tied === undefined && hasHead)) return;
  throw unsupported(
    `it changes ${quoted(touched.module)}, and the input embedding and the head of the base are one matrix, which llama.cpp has no adapters for; merge it into its base (alphalora adapter merge) and convert the model`,
    { file: source },
  );
}
