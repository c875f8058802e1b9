/**
 * The form of mlx-lm (`mlx_lm/tuner/lora.py`): `adapters.safetensors` with `<module>.lora_a`
 * [inputs, rank] and `<module>.lora_b` [rank, outputs], so that y = x W^T + scale * x A B, and
 * `adapter_config.json` with `lora_parameters`, where the scale is given as it is, not as alpha / rank.
 */
import { invalid, quoted, unsupported } from '../../errors.js';
import { isObject, type JsonObject } from '../../json.js';
import { embeddings } from '../../naming/tables.js';
import type { FileTensor } from '../../tensors/file-tensor.js';
import { type FormContent, pairsOf, requireModule } from './pairs.js';

/** The names of what mlx-lm trains: the factors, and the magnitudes of DoRA. */
export const mlxName: RegExp = /\.(lora_a|lora_b)$/;
const magnitudes = /\.m$/;

/** @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for DoRA, whole weights and stacked experts */
export function readMlx(
  tensors: readonly FileTensor[],
  file: string,
  config: JsonObject,
  configFile: string,
): FormContent {
  const { scale, rank } = settings(config, configFile);
  const { pairs, others } = pairsOf(tensors, file, ({ name: tensor, shape }) => {
    const place = { file, tensor };
    if (magnitudes.test(tensor)) throw unsupported(`a magnitude of DoRA: ${fuse}`, place);
    if (!mlxName.test(tensor)) return undefined;
    if (shape.length > 2) throw unsupported(`factors of stacked experts; ${fuse}`, place);
    const module = tensor.replace(mlxName, '');
    requireModule(module, place);
    const factor = tensor.endsWith('a') ? 'a' : 'b';
    return { module, factor, embedding: embeddings.test(module.split('.').at(-1)!) };
  });
  const { model } = config;
  return {
    pairs: pairs.map((pair) => ({ ...pair, scale, rank, turned: true })),
    others,
    ...(typeof model === 'string' && model !== '' && { base: model }),
  };
}

const fuse = 'merge the adapter into its base with mlx_lm.fuse and open the merged model';

function settings(config: JsonObject, file: string): { scale: number; rank: number } {
  const type = config['fine_tune_type'] ?? 'lora';
  if (type !== 'lora') {
    const what = type === 'dora' ? 'DoRA also learns the magnitude of each output; ' : '';
    throw unsupported(
      `its fine_tune_type is ${quoted(typeof type === 'string' ? type : JSON.stringify(type))}, and only "lora" can be read; ${what}${fuse}`,
      { file },
    );
  }
  const { lora_parameters: parameters } = config;
  if (!isObject(parameters)) {
    throw invalid('it has no lora_parameters; save the adapter again with mlx-lm', { file });
  }
  const { scale, rank } = parameters;
  if (typeof scale !== 'number' || !Number.isFinite(scale)) {
    throw invalid(`lora_parameters has no number as scale; save the adapter again with mlx-lm`, {
      file,
    });
  }
  if (!Number.isSafeInteger(rank) || (rank as number) < 1) {
    throw invalid(`lora_parameters has no rank; save the adapter again with mlx-lm`, { file });
  }
  return { scale, rank: rank as number };
}
