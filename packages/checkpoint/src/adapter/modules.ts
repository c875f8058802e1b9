/** From a module of an adapter to the weight that the base has for it. */
import { invalid, quoted } from '../errors.js';
import { unwrappedName } from '../naming/wrappers.js';
import type { Adapter } from './adapter.js';

/**
 * What classes of a family, models of a pipeline and files of whole pipelines put before the names of
 * the model that they hold.
 */
const prefixes =
  /^((base_model|model|transformer|language_model|gpt_neox|bert|roberta|unet|diffusion_model|text_encoder(_\d)?|cond_stage_model|conditioner\.embedders\.\d)\.)+/;

export function withoutPrefixes(name: string): string {
  return unwrappedName(name).replace(prefixes, '');
}

/**
 * Finds modules by their names, or by their names without the prefixes that models of a family are saved
 * with or without (`transformer.h.0`, `h.0`). Kohya's have underscores for some dots, and are compared so.
 *
 * @param names of the base's tensors, or of modules: as those that are looked for
 * @returns the name that the base has for one of the adapter's weights, if there is exactly one
 * @throws AlphaLoraError (what it returns) `INVALID_CHECKPOINT` where the names of kohya stand for several
 */
export function moduleFinder(
  names: readonly string[],
  { format, weights: { name: file } }: Pick<Adapter, 'format' | 'weights'>,
): (name: string) => string | undefined {
  const isFlat = format === 'kohya';
  const written = isFlat ? flat : (name: string): string => name;
  const exact = grouped(names, written);
  const short = grouped(names, (name) => written(withoutPrefixes(name)));
  return (name) => {
    const plain = withoutPrefixes(name);
    // Kohya's names begin with that of the pipeline's model, which only the adapter has.
    const whole = exact.get(written(name)) ?? (isFlat ? exact.get(flat(plain)) : undefined);
    const found = whole ?? short.get(written(plain)) ?? [];
    if (found.length > 1 && isFlat) {
      throw invalid(
        `it may be any of ${found.slice(0, 3).map(quoted).join(', ')} of the base; give the model that it was trained on alone`,
        { file, tensor: name },
      );
    }
    return found.length === 1 ? found[0] : undefined;
  };
}

/** As kohya writes a path. */
function flat(name: string): string {
  return name.replaceAll('.', '_');
}

function grouped(
  names: readonly string[],
  keyOf: (name: string) => string,
): Map<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const name of names) {
    const key = keyOf(name);
    const same = found.get(key);
    if (same) same.push(name);
    else found.set(key, [name]);
  }
  return found;
}
