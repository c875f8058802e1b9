/**
 * The form of llama.cpp (`convert_lora_to_gguf.py`, `src/llama-adapter.cpp` of ggml-org/llama.cpp): a GGUF
 * file with `general.type` adapter and `adapter.type` lora, whose tensors are those of the model with
 * `.lora_a` [rank, inputs] and `.lora_b` [outputs, rank] behind their names; of the input embedding, `.lora_a`
 * is [inputs, rank]. One alpha is for all: the scale is alpha / rank, and 1 where alpha is 0.
 *
 * Rows of B lie as those of the weight: for some families in an order that follows from the numbers of heads,
 * which llama.cpp's own files do not say.
 */
import { invalid, quoted, unsupported } from '../../errors.js';
import { architectureIn } from '../../formats/gguf/settings.js';
import type { FileTensor } from '../../tensors/file-tensor.js';
import { familyIn, lacksHeads, moduleIn, rowsOfUpdate, settingsOfConfig } from '../gguf-modules.js';
import { type FormContent, type FoundPair, pairsOf, requireModule } from './pairs.js';

/** The names of factors there. */
export const ggufName: RegExp = /^(.+)\.weight\.lora_([ab])$/s;

type Settings = Readonly<Record<string, string>>;

/**
 * @param settings the metadata of the file
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for another kind of adapter, a family that is not known, or
 *   stacked experts; `INVALID_CHECKPOINT` when the metadata say no adapter, or no number as alpha
 */
export function readGgufAdapter(
  tensors: readonly FileTensor[],
  file: string,
  settings: Settings,
): FormContent {
  const alpha = alphaIn(settings, file);
  const architecture = architectureIn(settings);
  const family = familyIn(settings);
  if (!family) {
    throw unsupported(
      `llama.cpp's names for the modules of the architecture ${quoted(architecture)} are not known here; give the adapter that it was converted from`,
      { file },
    );
  }
  const { pairs, others } = pairsOf(tensors, file, ({ name: tensor, shape }) => {
    const place = { file, tensor };
    const [, module, letter] = ggufName.exec(tensor) ?? [];
    if (module === undefined) {
      if (/norm\.weight$/.test(tensor)) return undefined;
      throw invalid('neither a factor of LoRA nor a norm; convert the adapter again', place);
    }
    requireModule(module, place);
    if (shape.length > 2) {
      throw unsupported(
        'factors of stacked experts, of which none is the weight of a module; give the adapter that it was converted from',
        place,
      );
    }
    return { module, factor: letter === 'a' ? 'a' : 'b', embedding: isEmbedding(module) };
  });
  let unordered = 0;
  const found = pairs.map((pair): FoundPair => {
    const { module: name, embedding, a, b } = pair;
    const module = moduleIn(name, family);
    if (module === undefined) {
      throw unsupported(
        `${quoted(name)} is no module of ${quoted(architecture)} that is known here; give the adapter that it was converted from`,
        { file, tensor: a.name },
      );
    }
    const rank = embedding ? (a.shape[1] ?? 0) : (a.shape[0] ?? 0);
    const [outputs = 0] = b.shape;
    const described = {
      ...{ ...pair, module, rank },
      scale: alpha === 0 ? 1 : alpha / Math.max(1, rank),
      ...(embedding && { turned: 'a' as const }),
      ...(family.turned && !embedding && name !== 'output' && { inputFirst: true }),
    };
    if (!lacksHeads(name, family, settings)) {
      const rows = rowsOfUpdate(name, outputs, { settings, family, file });
      return { ...described, ...(rows && { rows }) };
    }
    unordered += 1;
    return {
      ...described,
      rowsIn: (config) => {
        const own = settingsOfConfig(config, { architecture, source: file });
        return rowsOfUpdate(name, outputs, { settings: own, family, file }) ?? [[0, outputs, 1]];
      },
    };
  });
  const base = settings['general.base_model.0.name'];
  return {
    pairs: found,
    others,
    ...(base !== undefined && base !== '' && { base }),
    ...(unordered > 0 && {
      notes: [
        `${file} has the rows of queries and keys in the order of llama.cpp and does not say how many heads there are: ` +
          'ranks and spectra need no more, and their values the base',
      ],
    }),
  };
}

/** @throws AlphaLoraError `INVALID_CHECKPOINT`, `UNSUPPORTED_CHECKPOINT` */
function alphaIn(settings: Settings, file: string): number {
  const type = settings['general.type'];
  if (type !== 'adapter') {
    throw invalid(
      `its general.type is ${type === undefined ? 'missing' : quoted(type)}, where llama.cpp has "adapter"; convert it again`,
      { file },
    );
  }
  const kind = settings['adapter.type'] ?? '';
  if (kind !== 'lora') {
    throw unsupported(`its adapter.type is ${quoted(kind)}, and only "lora" can be read`, { file });
  }
  if (settings['adapter.alora.invocation_tokens'] !== undefined) {
    throw unsupported(
      'adapter.alora.invocation_tokens is set: it acts on some tokens only; use one that was trained without it',
      { file },
    );
  }
  const text = settings['adapter.lora.alpha'] ?? '0';
  const alpha = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(alpha)) return alpha;
  throw invalid(`its adapter.lora.alpha is ${quoted(text)}, which is no finite number`, { file });
}

function isEmbedding(module: string): boolean {
  return module === 'token_embd';
}
