/**
 * Models that were trained on several processors at once and saved as each of them had it:
 * `consolidated.00.pth`, `consolidated.01.pth`, ..., as Llama's original release has them. Each file holds
 * a piece of every matrix: rows of those whose outputs were divided, columns of those whose inputs were
 * (Megatron-LM, arXiv 1909.08053, section 3), and all of what every processor needed. How they are joined
 * is what transformers' convert_llama_weights_to_hf.py does.
 */
import type { AlphaLoraError } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';
import { invalid, unsupported } from '../errors.js';
import { sizeSetting } from '../naming/config.js';
import type { ModelConfig } from '../naming/index.js';
import type { FileTensor } from '../tensors/file-tensor.js';
import { joinedTensor } from '../tensors/joined.js';
import { plainName } from './plain-name.js';

const piece = /^consolidated\.(\d{2,4})\.pth$/;

/** The pieces among the names, in order; none where there are not several. */
export function piecesIn(names: readonly string[]): string[] {
  const found = names.filter(isPiece);
  if (found.length < 2) return [];
  return found.sort((a, b) => numberOf(a) - numberOf(b));
}

/** Whether a file of that name may be one of several pieces. */
export function isPiece(name: string): boolean {
  return piece.test(name);
}

function numberOf(name: string): number {
  return Number(piece.exec(name)![1]);
}

/** The axis that pieces are joined along, by the last two parts of a name. */
const axes: Readonly<Record<string, 0 | 1>> = {
  ...Object.fromEntries(['wq', 'wk', 'wv', 'w1', 'w3', 'output'].map((name) => [name, 0])),
  ...Object.fromEntries(['wo', 'w2'].map((name) => [name, 1])),
};

/** What each file holds whole. */
const whole = /(^|[._])norm\.weight$|^rope\.freqs$/;

/**
 * The tensors of a model whose files are pieces; of other models, the same as given.
 *
 * @param stored in the order of the files
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when pieces are missing or do not fit,
 *   `UNSUPPORTED_CHECKPOINT` when it is not known how some are joined
 */
export function joinPieces(
  stored: readonly FileTensor[],
  files: readonly ByteSource[],
  config: ModelConfig | undefined,
): readonly FileTensor[] {
  const names = files.map(({ name }) => plainName(name));
  if (piecesIn(names).length !== files.length) return stored;
  const byName = new Map<string, FileTensor[]>();
  for (const tensor of stored) {
    const same = byName.get(tensor.name);
    if (same) same.push(tensor);
    else byName.set(tensor.name, [tensor]);
  }
  const width = byName.get('norm.weight')?.[0]?.shape[0];
  const tensors = [...byName.values()].map((pieces) => {
    const lacking = files.find(({ name }) => !pieces.some(({ file }) => file === name));
    if (lacking) throw lacks(lacking, pieces[0]!);
    return joined(pieces, width);
  });
  requireAll(tensors, files, config);
  return tensors;
}

function joined(pieces: readonly FileTensor[], width: number | undefined): FileTensor {
  const [first] = pieces;
  const { name, file, shape } = first!;
  if (whole.test(name)) return first!;
  const [module = ''] = name.split('.').slice(-2);
  // Llama 1 and 2 divide the embedding by columns, Llama 3 by rows.
  const embedded = shape[1] === width ? 0 : 1;
  const axis = module === 'tok_embeddings' ? embedded : axes[module];
  if (axis === undefined || shape.length !== 2) throw unknown(first!);
  for (const other of pieces) {
    const fits = other.dtype === first!.dtype && other.shape.length === 2;
    if (!fits || other.shape[1 - axis] !== shape[1 - axis]) throw misfit(first!, other);
  }
  return { ...joinedTensor(pieces, { name, axis, file }), file };
}

/** As a file does not say of how many it is one, the sizes of attention do. */
function requireAll(
  tensors: readonly FileTensor[],
  files: readonly ByteSource[],
  config: ModelConfig | undefined,
): void {
  const width = tensors.find(({ name }) => name === 'norm.weight')?.shape[0];
  const heads = config && sizeSetting(config, 'num_attention_heads');
  const perHead = config && (sizeSetting(config, 'head_dim') ?? (heads && width && width / heads));
  const keys = config && sizeSetting(config, 'num_key_value_heads');
  for (const { name, shape, file } of tensors) {
    const [module] = name.split('.').slice(-2);
    const expected =
      module === 'wq'
        ? heads && perHead
          ? heads * perHead
          : width
        : (module === 'wk' || module === 'wv') && keys && perHead && keys * perHead;
    if (!expected || shape[0] === expected) continue;
    throw invalid(
      `the pieces in ${files.length} files make ${shape[0]} rows, ${expected} are expected; download all files of the model, and no others, into one folder`,
      { file, tensor: name },
    );
  }
}

function lacks({ name }: ByteSource, { name: tensor, file }: FileTensor): AlphaLoraError {
  return invalid(
    `it has no piece of it, and ${plainName(file)} has one; download the files of one model`,
    { file: name, tensor },
  );
}

function misfit(first: FileTensor, { file, name, dtype, shape }: FileTensor): AlphaLoraError {
  return invalid(
    `its piece, [${shape}] of ${dtype}, does not fit that in ${plainName(first.file)}, [${first.shape}] of ${first.dtype}; download the files of one model`,
    { file, tensor: name },
  );
}

function unknown({ file, name }: FileTensor): AlphaLoraError {
  return unsupported(
    'it is not known how the pieces of it are joined; convert the model to the format of transformers with the program of its family, or give one of the files',
    { file, tensor: name },
  );
}
