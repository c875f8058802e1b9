/** In which form a file holds an adapter, by the names of its tensors. */
import { AlphaLoraError } from '@alphalora/contracts';
import { invalid } from '../../errors.js';
import type { JsonObject } from '../../json.js';
import type { FileTensor } from '../../tensors/file-tensor.js';
import type { AdapterFormat } from '../adapter.js';
import { isDiffusionPiece, isKohyaName, readDiffusion } from './diffusion.js';
import { ggufName, readGgufAdapter } from './gguf.js';
import { mlxName, readMlx } from './mlx.js';
import { hasExperts, readMola } from './mola.js';
import { isMixture, isOurs, readMolora } from './molora.js';
import type { FormContent } from './pairs.js';
import { readPeft, WRAPPER } from './peft.js';

/**
 * @returns undefined for a model, also for one that holds factors beside its weights: an adapter
 *   has no matrices but factors
 */
export function adapterFormat(
  tensors: ReadonlyArray<Pick<FileTensor, 'name' | 'shape'>>,
): AdapterFormat | undefined {
  const matrices = tensors.filter(({ shape }) => shape.length > 1);
  const [first] = matrices;
  if (!first) return undefined;
  const all = (isPiece: (name: string) => boolean): boolean =>
    matrices.every(({ name }) => name.length <= LONGEST_NAME && isPiece(name));
  if (all((name) => ggufName.test(name))) return 'GGUF';
  if (all((name) => mlxName.test(name))) return 'mlx-lm';
  if (all((name) => name.startsWith(WRAPPER) && peftPiece.test(name))) return 'PEFT';
  if (!all(isDiffusionPiece)) return undefined;
  return isKohyaName(first.name) ? 'kohya' : 'diffusers';
}

const peftPiece = /\.lora_(embedding_)?[AB](\.|$)/;
/** Of the experts of a projection, and their router. */
const mixturePiece = /\.lora_[AB](_\d+)?\.weight$|\.router(\.|$)/;
/** Longer names are no module's, and patterns with a gap take quadratic time on them. */
const LONGEST_NAME = 1000;

/** Whether a file has the names of a mixture of experts and no other matrices. */
export function isMixtureFile(tensors: ReadonlyArray<Pick<FileTensor, 'name' | 'shape'>>): boolean {
  return tensors
    .filter(({ shape }) => shape.length > 1)
    .every(({ name }) => name.startsWith(WRAPPER) && mixturePiece.test(name));
}

export interface AdapterFile {
  readonly tensors: readonly FileTensor[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly file: string;
  /** adapter_config.json and the name of the file. */
  readonly config?: { readonly value: JsonObject; readonly file: string };
  /** See `AdapterOptions`; only of adapters that do not say it. */
  readonly topK?: number | readonly number[];
}

/** @throws AlphaLoraError as the readers of the forms; `INVALID_CHECKPOINT` when it is in none */
export async function readForm(
  { topK, ...found }: AdapterFile,
  signal?: AbortSignal,
): Promise<FormContent & { format: AdapterFormat }> {
  const { tensors, file, config } = found;
  if (config && isReleased(tensors, config.value)) {
    return { format: 'MoLA', ...readMola(tensors, file, config.value, config.file, topK) };
  }
  if (topK === undefined) return readOther(found, signal);
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${file} is no adapter of MoLA's released code, which alone leaves open how many experts are selected; leave top-k out`,
  );
}

/** Whether it is as the released code of MoLA and AlphaLoRA has it. */
function isReleased(tensors: readonly FileTensor[], config: JsonObject): boolean {
  return !isOurs(config) && config['peft_type'] !== 'MOLORA' && hasExperts(tensors);
}

async function readOther(
  { tensors, metadata, file, config }: AdapterFile,
  signal?: AbortSignal,
): Promise<FormContent & { format: AdapterFormat }> {
  const byNames = adapterFormat(tensors);
  if (byNames === 'GGUF') {
    return { format: byNames, ...readGgufAdapter(tensors, file, metadata) };
  }
  if (config) {
    if (isMixture(config.value)) {
      return { format: 'AlphaLoRA', ...readMolora(tensors, file, config.value, config.file) };
    }
    const isMlx = tensors.some(({ name }) => mlxName.test(name));
    const [format, read] = isMlx
      ? (['mlx-lm', readMlx] as const)
      : ([isOurs(config.value) ? 'AlphaLoRA' : 'PEFT', readPeft] as const);
    return { format, ...read(tensors, file, config.value, config.file) };
  }
  if (byNames === 'PEFT' || byNames === 'mlx-lm') {
    throw invalid(
      `it is an adapter of ${byNames} whose scale is in adapter_config.json; put that beside it, or give their folder`,
      { file },
    );
  }
  if (byNames === undefined) {
    throw invalid('it has no LoRA factors (lora_A, lora_B) only; give the file of a LoRA adapter', {
      file,
    });
  }
  return { format: byNames, ...(await readDiffusion(tensors, file, metadata, signal)) };
}
