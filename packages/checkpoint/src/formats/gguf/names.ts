/** From the names of a GGUF file to those of the model that it was made of. */
import type { Family } from './families.js';

type Names = Pick<Family, 'outer' | 'blocks' | 'inner'>;

/** `blk.3.attn_q.weight`: the block, the module, and the parameter where it has a name. */
const inBlock = /^blk\.(\d{1,4})\.([\w-]+)(?:\.(\w+))?$/;
const outside = /^([\w-]+)\.(\w+)$/;

/**
 * @returns the name of the original, in which `{}` stands for the index of an expert where experts are
 *   stacked; a name that is not known is kept, in a block that is one of the model's
 */
export function originalName(name: string, { outer, blocks, inner }: Names): string {
  const [, block, module, parameter] = inBlock.exec(name) ?? [];
  if (module !== undefined) {
    const own = Object.hasOwn(inner, module) ? inner[module]! : module;
    return [blocks, block, own, ...(parameter === undefined ? [] : [parameter])].join('.');
  }
  const [, outerModule = '', outerParameter] = outside.exec(name) ?? [];
  return Object.hasOwn(outer, outerModule) ? `${outer[outerModule]}.${outerParameter}` : name;
}
