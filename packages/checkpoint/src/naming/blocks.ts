/**
 * Which part of a name counts the blocks. `model.layers.7.mlp.up_proj.weight` lies in block 7 of
 * the stack `model.layers`; `experts.3` further behind counts something else.
 *
 * A checkpoint may hold several stacks: a vision tower beside a language model, an encoder beside a
 * decoder. Blocks are those of one of them, the largest that is not a tower's.
 */

/** Up to four digits: no model has 10000 blocks, and a block number is a claim that costs memory. */
const counted = /^((?:.*?\.)?(?:\w*(?:layers?|blocks?)|h))\.(\d{1,4})\./;

const towers = /(^|[._])(vision|visual|vit|image|audio|speech|sound|vqmodel|mtp)/;

export interface BlockPosition {
  readonly stack: string;
  readonly block: number;
}

export function blockPosition(name: string): BlockPosition | undefined {
  const match = counted.exec(name);
  return match ? { stack: match[1]!, block: Number(match[2]) } : undefined;
}

/** The stack whose blocks are the model's; undefined when no name counts any. */
export function mainStack(
  weights: Iterable<{ name: string; elements: number }>,
): string | undefined {
  const sizes = new Map<string, number>();
  for (const { name, elements } of weights) {
    const stack = blockPosition(name)?.stack;
    if (stack !== undefined) sizes.set(stack, (sizes.get(stack) ?? 0) + elements);
  }
  const stacks = [...sizes].sort(
    ([a, sizeA], [b, sizeB]) => Number(towers.test(a)) - Number(towers.test(b)) || sizeB - sizeA,
  );
  return stacks[0]?.[0];
}
