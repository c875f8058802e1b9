/**
 * A checkpoint from its byte sources: headers are read and checked, weights are described, and
 * nothing else is read until a weight is asked for its values. Runs in Node and the browser.
 */
import { AlphaLoraError, defined, errorIn } from '@alphalora/contracts';
import type { FormatContent, TokenizerDescription } from '@alphalora/contracts/extensions';
import type { ByteSource, CastType, WeightTensor } from '@alphalora/contracts/weights';
import type { Adapter, AdapterFormat } from './adapter/adapter.js';
import { adapterFormat, isMixtureFile } from './adapter/forms/index.js';
import { adapterOf } from './adapter/read.js';
import { type AppliedAdapter, adapterWeights, addAdapter } from './adapter/weights.js';
import { invalid } from './errors.js';
import { readFormat } from './formats/read.js';
import { architectureOf, familyOf } from './naming/architecture.js';
import { withDistinctRoles } from './naming/distinct-roles.js';
import type { ModelConfig } from './naming/index.js';
import { notesOnRoles } from './naming/listed-roles.js';
import { type Stack, type Stacks, stacksOf } from './naming/stacks.js';
import { unfoundBlocks } from './naming/unfound-blocks.js';
import { dequantized } from './quantization/dequantized.js';
import { notesOnIntegers } from './quantization/integers.js';
import { readConfig, settingIn } from './sources/config.js';
import { joinPieces } from './sources/pieces.js';
import { plainName } from './sources/plain-name.js';
import { checkAgainstIndex, readShardIndex } from './sources/shard-index.js';
import { withoutDuplicates } from './tensors/duplicates.js';
import type { FileTensor } from './tensors/file-tensor.js';
import { partsOrWhole, placed, weightsOf } from './tensors/weights.js';
import { requireLittleEndian } from './values/decode.js';

export interface Checkpoint {
  /** What was opened, for messages and documents. */
  readonly source: string;
  /** Class of the model: as config.json says, or guessed from the names when there is none. */
  readonly architecture?: string;
  /** config.json, or what a file says in its place; adapter_config.json of an adapter. */
  readonly config?: Readonly<Record<string, unknown>>;
  /**
   * The tokenizer that a file of weights has, made when it is asked for; a tokenizer.json beside the files
   * is not read.
   *
   * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for one that cannot be described
   */
  readonly tokenizer?: () => TokenizerDescription;
  /** Number of blocks of the main stack: one more than the highest block number of any weight. */
  readonly blocks: number;
  /** Why there is no block though the configuration says so; what is in no block can be measured. */
  readonly noBlocks?: string;
  /** Every list of blocks, the main one first, or the encoder and the decoder that it consists of. */
  readonly stacks: readonly Stack[];
  /** `__metadata__` of the files; of equal keys, the first file's. */
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of the files and of the bytes in each. */
  readonly tensors: readonly WeightTensor[];
  /** What people should know of how the files were read, a sentence each. */
  readonly notes: readonly string[];
  readonly files: readonly CheckpointFile[];
  /** The adapter whose updates the weights contain. */
  readonly adapter?: AppliedAdapter;
  /** The checkpoint that was taken away: the weights are differences to its weights. */
  readonly base?: string;
  /** What the weights of the model were rounded to. */
  readonly cast?: CastType;
  /** Where the weights are the updates of an adapter, and no model's: of which program. */
  readonly adapterFormat?: AdapterFormat;
  /** Closes the files; weights cannot be read any more. */
  close(): Promise<void>;
}

export interface CheckpointFile {
  /** File name without its folder. */
  readonly name: string;
  readonly byteLength: number;
  readonly source: ByteSource;
}

export interface CheckpointOptions {
  /**
   * Delivers fused projections as their parts: `<name>[q]`, `[k]`, `[v]`, `[gate]`, `[up]`, each
   * with the shape of the part. @default false
   */
  splitFused?: boolean;
  /**
   * Rounds the weights to this type as they are read, as a program has them that loads the model in it;
   * `adapter` is added to what was rounded, and keeps the values that it is stored with. A weight with a value
   * that would become infinite cannot be read. @default as they are stored
   */
  cast?: CastType;
  /**
   * Adds the updates of a LoRA adapter: the weights of its modules read as `base + scale * B A`, in
   * float32. The checkpoint takes the adapter over, and closes it.
   */
  adapter?: Adapter;
  signal?: AbortSignal;
}

export interface CheckpointSources {
  /** The files of weights; of several `consolidated.00.pth`, in order. */
  files: readonly ByteSource[];
  /** config.json, or params.json of the original releases of Llama and Mistral. */
  config?: ByteSource;
  /** model.safetensors.index.json; the names of `files` end in the file names that it uses. */
  index?: ByteSource;
  /** What the tensor of a file is called, by the file's name without its folder. @default as the file says */
  tensorNames?: ReadonlyMap<string, string>;
  /** adapter_config.json beside the file, for where it turns out to be that of an adapter. */
  adapterConfig?: ByteSource;
  /** @default the name of the first file */
  name?: string;
}

/**
 * Reads the headers of a checkpoint. A file that holds the factors of an adapter and no model is read as
 * `adapterCheckpoint` has it.
 *
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when a file breaks its format or files contradict one
 *   another, `UNSUPPORTED_CHECKPOINT` when an element type or fused layout cannot be read or
 *   the adapter's change not be added, or on a big-endian machine, `NOT_FOUND` when a shard is
 *   missing, `INVALID_OPTION` when no file is given, or an adapter is to be added to an adapter
 *   or cast;
 *   `INVALID_CHECKPOINT` when the configuration says more blocks than the files have
 */
export async function readCheckpoint(
  {
    files,
    config: configSource,
    index: indexSource,
    tensorNames,
    adapterConfig,
    name,
  }: CheckpointSources,
  { splitFused = false, cast, adapter, signal }: CheckpointOptions = {},
): Promise<Checkpoint> {
  if (files.length === 0) throw new AlphaLoraError('INVALID_OPTION', 'no file to read from');
  requireLittleEndian();
  const notes: string[] = [];
  const onNote = (note: string): void => void notes.push(note);
  let config = configSource && (await readConfig(configSource, { signal, onNote }));
  const content = await readFiles(files, tensorNames, signal);
  notes.push(...content.notes);
  // Whoever gives the configuration of an adapter wants its tensors as they are.
  const isAdapter =
    adapterFormat(content.tensors) !== undefined ||
    (adapterConfig !== undefined && isMixtureFile(content.tensors));
  if (config?.['peft_type'] === undefined && isAdapter) {
    requireModel(name ?? files[0]!.name, { adapter, cast });
    const sources = { weights: files[0]!, ...defined({ config: adapterConfig, name }) };
    return adapterCheckpoint(
      await adapterOf(content.first, sources, { ...(signal && { signal }) }),
      { splitFused },
    );
  }
  config ??= content.config;
  const index = indexSource && (await readShardIndex(indexSource, { signal, onNote }));
  const preferred = (tensor: string): string | undefined => index?.get(tensor);
  const once = await withoutDuplicates(
    joinPieces(content.tensors, files, config),
    preferred,
    signal,
  );
  notes.push(...once.notes);
  if (index) {
    const { name: path } = indexSource;
    notes.push(...checkAgainstIndex(once.tensors, files, { index, name: path, config }));
  }
  const tensors = await dequantized(once.tensors, config, content.metadata, signal);
  const names = tensors.map(({ name: each }) => each);
  const stacks = stacksOf(tensors, config);
  if (!configSource && files.length === 1) notes.push(...partNotes(files[0]!.name));
  const inFile = config === content.config || !configSource;
  const file = inFile ? files[0]!.name : configSource.name;
  const nameOf = (setting: string): string =>
    inFile ? (content.first.settingNames?.[setting] ?? setting) : settingIn(file, setting);
  checkBlocks(stacks, file, nameOf);

  const additions = adapter && addAdapter(adapter, tensors, config);
  const options = {
    config,
    stacks,
    splitFused,
    onNote: (note: string): void => void (notes.includes(note) || notes.push(note)),
    ...defined({ family: splitFused ? familyOf(names) : undefined }),
    ...defined({ cast }),
    ...(additions && { adapted: additions.adapted }),
  };
  const weights = tensors.flatMap((tensor) => weightsOf(tensor, options));
  for (const weight of additions?.added ?? []) {
    weights.push(...partsOrWhole(placed(weight, options), options, adapter!.weights.name));
  }
  const architecture = architectureOf(names, config);
  const noBlocks = unfoundBlocks(weights, stacks, nameOf);
  if (noBlocks !== undefined) notes.push(noBlocks);
  return {
    source: name ?? files[0]!.name,
    ...defined({ architecture, noBlocks }),
    ...(config && { config }),
    ...defined({ tokenizer: content.tokenizer }),
    ...(additions && { adapter: additions.report }),
    ...defined({ cast }),
    metadata: content.metadata,
    notes: [
      ...notes,
      ...(adapter?.notes ?? []),
      ...notesOnIntegers(weights),
      ...notesOnRoles(weights),
    ],
    ...contentOf(weights, stacks, adapter ? [...files, adapter.weights] : files),
  };
}

/** What the files hold together; of equal keys of their metadata, the first file's counts. */
async function readFiles(
  files: readonly ByteSource[],
  tensorNames: CheckpointSources['tensorNames'],
  signal: AbortSignal | undefined,
) {
  const contents: FormatContent[] = [];
  const tensors: FileTensor[] = [];
  for (const source of files) {
    const content = await readFormat(source, signal, contents[0]);
    checkComplete(content, files, source);
    const named = defined({ name: tensorNames?.get(plainName(source.name)) });
    for (const tensor of content.tensors) tensors.push({ ...tensor, ...named, file: source.name });
    contents.push(content);
  }
  const said = contents.flatMap(({ config }) => config ?? []);
  return {
    tensors,
    first: contents[0]!,
    metadata: Object.fromEntries(
      contents.toReversed().flatMap(({ metadata }) => Object.entries(metadata)),
    ),
    notes: contents.flatMap(({ notes }) => notes ?? []),
    ...(said.length > 0 && { config: Object.assign({}, ...said) as ModelConfig }),
    ...defined({ tokenizer: contents.find(({ tokenizer }) => tokenizer)?.tokenizer }),
  };
}

/**
 * An adapter as a checkpoint: its updates as weights of low rank, named `<module>.weight`, with the
 * shape of the weight in the base and with `factors`; then the weights that it holds whole.
 *
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when `splitFused` needs what only the base's
 *   config.json says
 */
export function adapterCheckpoint(
  adapter: Adapter,
  { splitFused = false }: Pick<CheckpointOptions, 'splitFused'> = {},
): Checkpoint {
  const { source, format, config, metadata, notes, weights: file } = adapter;
  const updates = adapterWeights(adapter);
  const names = updates.map(({ name: each }) => each);
  const stacks = stacksOf(updates);
  const options = {
    config: undefined,
    splitFused,
    stacks,
    ...defined({ family: familyOf(names) }),
  };
  const weights = updates.flatMap((weight) =>
    partsOrWhole(placed(weight, options), options, file.name),
  );
  const architecture = architectureOf(names, undefined);
  return {
    source,
    adapterFormat: format,
    metadata,
    notes: [
      `${source} is a LoRA adapter in the format of ${format}: its weights are updates of a model's`,
      ...notes,
    ],
    ...defined({ architecture, config }),
    ...contentOf(weights, stacks, [file]),
  };
}

/** @throws AlphaLoraError `INVALID_OPTION` for what is done to models, and not to the adapter of that name */
export function requireModel(
  name: string,
  { adapter, cast }: { adapter: Pick<Adapter, 'source'> | undefined; cast: CastType | undefined },
): void {
  if (adapter) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${name} is an adapter itself; give the model that ${adapter.source} is to be added to`,
    );
  }
  if (cast) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${name} is an adapter, which keeps the values that it is stored with; leave out the cast to ${cast}`,
    );
  }
}

function contentOf(
  weights: readonly WeightTensor[],
  stacks: Stacks,
  files: readonly ByteSource[],
): Pick<Checkpoint, 'blocks' | 'stacks' | 'tensors' | 'files' | 'close'> {
  return {
    stacks: stacks.all,
    blocks: weights.reduce((most, { block = -1 }) => Math.max(most, block + 1), 0),
    tensors: withDistinctRoles(weights, stacks),
    files: files.map((source) => {
      return { name: plainName(source.name), byteLength: source.byteLength, source };
    }),
    async close() {
      await Promise.all(files.map((source) => source.close?.()));
    },
  };
}

/** A model of which files are missing would be taken for a smaller one. */
function checkComplete(
  { files: count = 1 }: FormatContent,
  { length }: readonly ByteSource[],
  { name }: ByteSource,
): void {
  if (count === length || count === 1) return;
  throw errorIn(
    'INVALID_CHECKPOINT',
    name,
    `it is one of ${count} files of a model, and ${length} are given; give the folder that has all of them and no other model`,
  );
}

/** A file of a model that was given alone, on purpose: its blocks are not all that there are. */
function partNotes(file: string): string[] {
  const name = plainName(file);
  const [, , count] = /-(\d+)-of-(\d+)\.\w+$/.exec(name) ?? [];
  if (count === undefined || Number(count) < 2) return [];
  return [
    `${name} is one of ${Number(count)} files of a model: the weights of the others are not looked at`,
  ];
}

/** A model of which blocks are missing would be taken for a smaller one, too. */
function checkBlocks({ short }: Stacks, file: string, nameOf: (setting: string) => string): void {
  if (!short) return;
  throw invalid(
    `it says ${short.count} blocks (${nameOf(short.setting)}), and the files have ${short.blocks} of ${short.stack}, without block ${short.missing}: ` +
      'download the files that are missing, or give one file by its name to look at it alone',
    { file },
  );
}
