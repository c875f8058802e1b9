/**
 * The form of the released code of MoLA and AlphaLoRA: every adapted module has its experts
 * `<module>.lora_A_0.weight`, `<module>.lora_B_0.weight`, ... and a router `<module>.router.router.weight`, also where
 * there is one expert. `r` of `adapter_config.json` lists the rank of each block, and a block's scaling is
 * lora_alpha / r. How many experts there are the names say; how many of them are selected no file does, as that code
 * takes it as an argument. Its scripts count 2 in a block of several experts, else 1.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { StoredTensor } from '@alphalora/contracts/weights';
import { invalid } from '../../errors.js';
import type { JsonObject } from '../../json.js';
import type { FileTensor } from '../../tensors/file-tensor.js';
import { loraSettings } from '../config.js';
import { type FormContent, type FoundPair, type Pair, pairsOf, requireModule } from './pairs.js';
import { WRAPPER } from './peft.js';

/** Key of our own in the configuration, which the released code passes over. */
export const TOP_K = 'top_k';

const factor = /^(.{1,1000})\.lora_([AB])_(\d{1,4})\.weight$/;
const routerSuffix = '.router.router.weight';

/** Whether all factors have the names of experts that the released code gives them. */
export function hasExperts(tensors: ReadonlyArray<Pick<FileTensor, 'name'>>): boolean {
  const factors = tensors.filter(({ name }) => name.includes('.lora_'));
  return factors.length > 0 && factors.every(({ name }) => factor.test(name.slice(0, 1100)));
}

/**
 * @param topK see `AdapterOptions`
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when experts are missing, a router has not their number, or the ranks are
 *   not those of the configuration; `INVALID_OPTION` when topK does not fit the experts
 */
export function readMola(
  tensors: readonly FileTensor[],
  file: string,
  config: JsonObject,
  configFile: string,
  topK: number | readonly number[] | undefined,
): FormContent {
  const unwrapped = (name: string): string =>
    name.startsWith(WRAPPER) ? name.slice(WRAPPER.length) : name;
  const { pairs: found, others: rest } = pairsOf(
    tensors,
    file,
    ({ name: tensor }) => {
      const [, module, letter, expert] = factor.exec(unwrapped(tensor).slice(0, 1100)) ?? [];
      if (module === undefined) return undefined;
      requireModule(module, { file, tensor });
      const own = `${module}#${Number(expert)}`;
      return { module: own, factor: letter === 'A' ? 'a' : 'b', embedding: false };
    },
    unwrapped,
  );
  const ranks = config['r'];
  // That version of PEFT has no patterns and one way of scaling.
  const plain = { r: 1, rank_pattern: {}, alpha_pattern: {}, use_rslora: false };
  const settings = loraSettings({ ...config, ...plain }, configFile);
  const modules = new Map<string, Map<number, Pair>>();
  for (const pair of found) {
    const [module, expert] = pair.module.split(/#(?=\d+$)/) as [string, string];
    const experts = modules.get(module) ?? new Map<number, Pair>();
    modules.set(module, experts.set(Number(expert), pair));
  }
  const others = new Map(rest.map((tensor) => [tensor.name, tensor]));
  const routers: StoredTensor[] = [];
  const selected: Record<string, number> = {};
  const said: unknown = topK ?? config[TOP_K];
  const pairs = [...modules].flatMap(([module, experts]): FoundPair[] => {
    const block = blockOf(module, file);
    const count = experts.size;
    const router = others.get(`${module}${routerSuffix}`);
    others.delete(`${module}${routerSuffix}`);
    const [first] = experts.values();
    const sides = [count, first!.a.shape[1]];
    if (router && router.shape.join() !== sides.join()) {
      throw invalid(`it is [${router.shape}], and that of ${count} experts is [${sides}]`, {
        ...{ file, tensor: `${module}${routerSuffix}` },
      });
    }
    if (!router && count > 1) {
      throw invalid(`${module} has ${count} experts and no router; save the adapter again`, {
        file,
      });
    }
    if (router && count > 1) routers.push(router);
    selected[module] = selectedOf(
      said,
      { block, count, module },
      topK === undefined ? configFile : undefined,
    );
    const rank: unknown = Array.isArray(ranks) ? ranks[block] : ranks;
    if (!isCount(rank)) {
      throw invalid(`r has no rank for block ${block}, of ${module}`, { file: configFile });
    }
    return Array.from({ length: count }, (_, expert): FoundPair => {
      const pair = experts.get(expert);
      if (!pair)
        throw invalid(`${module} has ${count} experts, and none is number ${expert}`, { file });
      return {
        ...{ ...pair, module, rank, inputFirst: settings.inputFirst },
        scale: settings.scaleOf(module) / rank,
        ...(count > 1 && { expert }),
      };
    });
  });
  const [stray] = [...others.keys()].filter((name) => name.endsWith(routerSuffix));
  if (stray !== undefined) throw invalid('a router without experts', { file, tensor: stray });
  const isRuled = said === undefined && routers.length > 0;
  return {
    pairs,
    others: [...others.values()],
    ...(settings.base !== undefined && { base: settings.base }),
    ...(routers.length > 0 && { routers, mixture: { router: 'top-k', topK: selected } }),
    notes: isRuled
      ? [
          'how many experts the router selects is in no file of the released code: 2 where there are several, as its scripts count; alphalora adapter convert --top-k says another number',
        ]
      : [],
  };
}

/** The third part of a path, as the released code has it: model.layers.3.self_attn.q_proj. */
function blockOf(module: string, file: string): number {
  const part = module.split('.')[2] ?? '';
  if (/^\d{1,6}$/.test(part)) return Number(part);
  throw invalid(`${JSON.stringify(module)} is not in a block of the model`, { file });
}

interface Experts {
  readonly block: number;
  readonly count: number;
  readonly module: string;
}

/** @param configFile where it is said; undefined for what a caller says */
function selectedOf(
  said: unknown,
  { block, count, module }: Experts,
  configFile: string | undefined,
): number {
  if (said === undefined) return count > 1 ? 2 : 1;
  // One number for all is meant for those blocks that have so many.
  const own: unknown = Array.isArray(said) ? said[block] : isCount(said) && Math.min(said, count);
  if (isCount(own) && own <= count) return own;
  const what = `${JSON.stringify(own) ?? 'nothing'} of ${count} experts cannot be selected in block ${block} (${module})`;
  if (configFile !== undefined) throw invalid(`${TOP_K}: ${what}`, { file: configFile });
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${what}; give top-k as one number, or one for each block in their order`,
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
