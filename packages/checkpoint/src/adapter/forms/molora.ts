/**
 * The form of `alphalora train` where projections have several experts (`peft_type` MOLORA): factors
 * under the names of MoLA's and AlphaLoRA's released adapters (`<module>.lora_A_0.weight`), those of a
 * projection with one expert under PEFT's, and the section `molora` of `adapter_config.json`, which has
 * ranks, scalings and top-k of each. With one expert everywhere the files are PEFT's as well, and read so.
 */
import { errorIn } from '@alphalora/contracts';
import type { StoredTensor } from '@alphalora/contracts/weights';
import { invalid, quoted } from '../../errors.js';
import { isObject, type JsonObject } from '../../json.js';
import type { FileTensor } from '../../tensors/file-tensor.js';
import { type FormContent, type FoundPair, requireModule } from './pairs.js';
import { WRAPPER } from './peft.js';

const SECTION = 'molora';
/** As far as the sections go that are read here. */
const VERSION = 1;
/** Longer lists are no adapter's. */
const MOST = 10_000;

/** Whether the files were written here. */
export function isOurs(config: JsonObject): boolean {
  return isObject(config[SECTION]);
}

export function isMixture(config: JsonObject): boolean {
  return isOurs(config) && config['peft_type'] === 'MOLORA';
}

interface Projection {
  readonly name: string;
  readonly ranks: readonly number[];
  readonly scalings: readonly number[];
  readonly topK: number;
}

/**
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when the section describes no adapter, or another one than
 *   the tensors are; `UNSUPPORTED_CHECKPOINT` when a later version wrote it
 */
export function readMolora(
  tensors: readonly FileTensor[],
  file: string,
  config: JsonObject,
  configFile: string,
): FormContent {
  const section = config[SECTION] as JsonObject;
  const projections = projectionsOf(section, configFile);
  const left = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const take = (name: string): FileTensor => {
    const tensor = left.get(name);
    if (!tensor) throw invalid('it is missing; save the adapter again', { file, tensor: name });
    left.delete(name);
    return tensor;
  };
  const inputFirst = config['fan_in_fan_out'] === true;
  const pairs = projections.flatMap(({ name: module, ranks, scalings }) =>
    ranks.map((rank, expert): FoundPair => {
      const suffix = ranks.length === 1 ? '' : `_${expert}`;
      const a = take(`${WRAPPER}${module}.lora_A${suffix}.weight`);
      const b = take(`${WRAPPER}${module}.lora_B${suffix}.weight`);
      return {
        ...{ module, embedding: false, a, b, rank, inputFirst },
        scale: scalings[expert]!,
        ...(ranks.length > 1 && { expert }),
      };
    }),
  );
  const routers = routersIn(left.values(), new Set(projections.map(({ name }) => name)), file);
  const base = config['base_model_name_or_path'];
  const { router } = section as { router?: unknown };
  const routerName = isObject(router) ? router['name'] : undefined;
  return {
    pairs,
    others: [],
    routers,
    ...(typeof base === 'string' && base !== '' && { base }),
    mixture: {
      router: typeof routerName === 'string' ? routerName : 'unknown',
      topK: Object.fromEntries(projections.map(({ name, topK }) => [name, topK])),
    },
  };
}

/** What is left are parameters of routers: `<module>.router`, `<module>.router.<parameter>`. */
function routersIn(
  left: Iterable<FileTensor>,
  modules: ReadonlySet<string>,
  file: string,
): StoredTensor[] {
  return [...left].map((tensor) => {
    const { name } = tensor;
    const path = name.startsWith(WRAPPER) ? name.slice(WRAPPER.length) : '';
    const ends = [...path.slice(0, 2000).matchAll(/\.router(?=\.|$)/g)].map(({ index }) => index);
    if (ends.some((end) => modules.has(path.slice(0, end)))) return { ...tensor, name: path };
    throw invalid(
      `neither a factor of the section ${SECTION} nor a router's; the two files are of different adapters`,
      { file, tensor: name },
    );
  });
}

function projectionsOf(section: JsonObject, file: string): Projection[] {
  const { version, projections } = section as { version?: unknown; projections?: unknown };
  if (typeof version === 'number' && version > VERSION) {
    throw errorIn(
      'UNSUPPORTED_CHECKPOINT',
      file,
      `${SECTION}: version ${version} is newer than this program, which knows ${VERSION}; update it`,
    );
  }
  if (!Array.isArray(projections) || projections.length === 0 || projections.length > MOST) {
    throw invalid(`${SECTION}: projections is no list of modules; save it again`, { file });
  }
  const names = new Set<string>();
  return projections.map((given: unknown) => {
    const fields: JsonObject = isObject(given) ? given : {};
    const { name, ranks, scalings, topK } = fields as Record<string, unknown>;
    const refuse = (what: string) =>
      invalid(`${SECTION}: ${what} of a projection; save it again`, { file, tensor: String(name) });
    if (typeof name !== 'string') throw refuse('no name');
    requireModule(name, { file, tensor: name });
    if (names.has(name)) throw refuse(`the name ${quoted(name)} twice`);
    names.add(name);
    const counts = listOf(ranks, (value) => Number.isSafeInteger(value) && value > 0);
    const factors = listOf(scalings, Number.isFinite);
    if (!counts || counts.length === 0) throw refuse('no list of ranks');
    if (factors?.length !== counts.length) throw refuse('no scaling for each rank');
    if (!Number.isSafeInteger(topK) || (topK as number) < 1 || (topK as number) > counts.length) {
      throw refuse('no topK within its experts');
    }
    return { name, ranks: counts, scalings: factors, topK: topK as number };
  });
}

function listOf(value: unknown, fits: (item: number) => boolean): number[] | undefined {
  if (!Array.isArray(value) || value.length > MOST) return undefined;
  return value.every((item) => typeof item === 'number' && fits(item)) ? value : undefined;
}
