/** From the names of a GGUF file to those of the model that it was made of. */
import type { Names } from './families/index.js';

/**
 * `blk.3.attn_q.weight`: the block, the module, and the parameter where it has a name; with `enc` or
 * `dec` before it in models of both.
 */
const inBlock = /^(?:(enc|dec)\.)?blk\.(\d{1,4})\.((?:shortconv\.)?[\w-]+)(?:\.(\w+))?$/;
const outside = /^((?:(?:enc|dec)\.)?[\w-]+)\.(\w+)$/;

/**
 * @returns the name of the original, in which `{}` stands for the index of an expert where experts are
 *   stacked; a name that is not known is kept, in a block that is one of the model's
 */
export function originalName(name: string, names: Names): string {
  const [, stack, block, module, parameter] = inBlock.exec(name) ?? [];
  if (module !== undefined) {
    const known = stack === undefined ? names : names.stacks?.[stack];
    if (!known) return name;
    const { blocks, inner } = known;
    const own = Object.hasOwn(inner, module) ? inner[module]! : module;
    return [blocks, block, own, ...(parameter === undefined ? [] : [parameter])].join('.');
  }
  const { outer } = names;
  const [, outerModule = '', outerParameter] = outside.exec(name) ?? [];
  return Object.hasOwn(outer, outerModule) ? `${outer[outerModule]}.${outerParameter}` : name;
}
