/**
 * The forms of diffusion models: kohya's sd-scripts (`<module>.lora_down.weight`, `.lora_up.weight`,
 * `.alpha`) and diffusers (`<module>.lora_A.weight` and its older spellings). Files are converted from one
 * to the other in part, so that each name is read by itself.
 *
 * The scale is alpha / rank: by the `alpha` beside the factors; or by what diffusers notes in the
 * metadata of the file, the configuration of PEFT for each model of the pipeline; or 1, as both take it
 * where neither is given.
 */
import { invalid, unsupported } from '../../errors.js';
import { type JsonObject, parseJsonObject } from '../../json.js';
import type { FileTensor } from '../../tensors/file-tensor.js';
import { elementCount } from '../../values/sizes.js';
import { type LoraSettings, loraSettings } from '../config.js';
import { isKohyaModule, kohyaModule } from './kohya-names.js';
import { type FormContent, pairsOf, requireModule } from './pairs.js';
import { requireOne } from './peft.js';

/** `down` and `up` of kohya and of diffusers, old and new. */
const factor =
  /^(.+?)(?:\.lora_(down|up)|[._]lora\.(down|up)|\.lora_linear_layer\.(down|up)|\.lora_([AB])(?:\.(\w+))?)\.weight$/;
const alpha = /^(.+?)(?:([._]lora)|\.lora_linear_layer)?\.alpha$/;

/** What changes weights otherwise than by the product of two factors. */
const variants: ReadonlyArray<readonly [name: RegExp, what: string]> = [
  [/\.(dora_scale|lora_magnitude_vector(\.weight)?)$/, 'DoRA'],
  [/\.hada_[wt][12](_[ab])?$/, 'LoHa'],
  [/\.lokr_(w[12](_[ab])?|t2)$/, 'LoKr'],
  [/\.(oft_blocks|oft_diag|oft_R\.weight)$/, 'OFT'],
  [/\.lora_mid\.weight$/, 'LoCon with a Tucker decomposition'],
];

/** Whether a tensor of that name is a factor in one of these forms, or in place of one. */
export function isDiffusionPiece(name: string): boolean {
  return factor.test(name) || variants.some(([variant]) => variant.test(name));
}

/** Whether kohya, rather than diffusers, named it. */
export function isKohyaName(name: string): boolean {
  return isKohyaModule(name.slice(0, Math.max(0, name.indexOf('.'))));
}

/** @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when an update is not the product of two factors */
export async function readDiffusion(
  tensors: readonly FileTensor[],
  file: string,
  metadata: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<FormContent> {
  const alphas = new Map<string, FileTensor>();
  const adapters = new Set<string>();
  const factors = tensors.filter((tensor) => {
    const [, stem, old] = alpha.exec(tensor.name) ?? [];
    if (stem === undefined || elementCount(tensor.shape) !== 1) return true;
    alphas.set(moduleOf(stem, old !== undefined), tensor);
    return false;
  });
  const { pairs, others } = pairsOf(factors, file, ({ name: tensor }) => {
    const place = { file, tensor };
    const variant = variants.find(([name]) => name.test(tensor));
    if (variant) {
      throw unsupported(
        `it is a part of ${variant[1]}, and only LoRA can be read; merge the adapter into its base and open the merged model`,
        place,
      );
    }
    const [, stem, kohya, old, linear, letter, adapter = ''] = factor.exec(tensor) ?? [];
    if (stem === undefined) return undefined;
    adapters.add(adapter);
    requireOne(adapters, file);
    const module = moduleOf(stem, old !== undefined);
    requireModule(module, place);
    const isA = [kohya, old, linear].includes('down') || letter === 'A';
    return { module, factor: isA ? 'a' : 'b', embedding: false };
  });
  const values = await valuesOf(alphas, file, signal);
  const noted = notedSettings(metadata, file);
  return {
    pairs: pairs.map((pair) => {
      const rank = pair.a.shape[0]!;
      const value = values.get(pair.module);
      const settings = value === undefined ? noted(pair.module) : undefined;
      // For sd-scripts, no alpha and an alpha of 0 are that of the rank.
      return {
        ...pair,
        scale: settings?.scale ?? (value || rank) / Math.max(1, rank),
        ...settings,
      };
    }),
    others,
  };
}

/** The module of what stands before the names of factors. */
function moduleOf(stem: string, isOld = false): string {
  if (isKohyaModule(stem)) return kohyaModule(stem);
  // Where diffusers kept LoRA in processors of attention, beside the layers.
  const module = stem.replace(/\.processor\.(?=\w+$)/, '.');
  if (!isOld) return module;
  return module.startsWith('text_encoder')
    ? module.replace(/\.to_([qkv])$/, '.$1_proj').replace(/\.to_out$/, '.out_proj')
    : module.replace(/\.to_out$/, '.to_out.0');
}

/** Numbers that are read at a time: each is a request, where the file is elsewhere. */
const AT_ONCE = 32;

async function valuesOf(
  alphas: ReadonlyMap<string, FileTensor>,
  file: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, number>> {
  const values = new Map<string, number>();
  const left = [...alphas];
  while (left.length > 0) {
    await Promise.all(
      left.splice(0, AT_ONCE).map(async ([module, { name, read }]) => {
        const [value] = await read(0, 1, signal);
        if (!Number.isFinite(value)) {
          throw invalid(`it is ${value}, which is no alpha`, { file, tensor: name });
        }
        values.set(module, value!);
      }),
    );
  }
  return values;
}

/** The key of the metadata of safetensors under which diffusers notes PEFT's configuration. */
const NOTED = 'lora_adapter_metadata';

interface Noted {
  readonly scale: number;
  readonly rank: number;
  readonly inputFirst: boolean;
}

/** What diffusers noted of a module: `r` of all, or `unet.r` of each model of the pipeline. */
function notedSettings(
  metadata: Readonly<Record<string, string>>,
  file: string,
): (module: string) => Noted | undefined {
  const text = Object.hasOwn(metadata, NOTED) ? metadata[NOTED] : undefined;
  if (text === undefined) return () => undefined;
  const place = `${file}, ${NOTED}`;
  const noted = parseJsonObject(new TextEncoder().encode(text), place, { dialect: 'python' });
  const found = new Map<string, LoraSettings | undefined>();
  const settingsOf = (component: string): LoraSettings | undefined => {
    const own = Object.entries(noted)
      .filter(([key]) => key.startsWith(component))
      .map(([key, value]): [string, unknown] => [key.slice(component.length), value]);
    const config: JsonObject = { peft_type: 'LORA', ...Object.fromEntries(own) };
    return own.length === 0 || !('r' in config) ? undefined : loraSettings(config, place);
  };
  return (module) => {
    const [component] = /^\w+\./.exec(module) ?? [''];
    for (const prefix of [component, '']) {
      if (!found.has(prefix)) found.set(prefix, settingsOf(prefix));
      const settings = found.get(prefix);
      if (!settings) continue;
      const own = module.slice(prefix.length);
      return {
        scale: settings.scaleOf(own),
        rank: settings.rankOf(own),
        inputFirst: settings.inputFirst,
      };
    }
    return undefined;
  };
}
