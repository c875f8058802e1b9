/** Which weights have a spectrum worth measuring, and the words for those that do not. */
import {
  elementTypes,
  type WeightDescription,
  type WeightKind,
} from '@alphalora/contracts/weights';

const outsideTheBlocks: Partial<Record<WeightKind, string>> = {
  embedding: 'an embedding, not a projection of a block',
  head: 'the output head, not a projection of a block',
  router: 'a router, not a projection of a block',
};

/** Why a weight cannot be analysed, whatever the user asks for; undefined when it can. */
export function unfitReason(weight: WeightDescription): string | undefined {
  const { shape, notMatrix, unreadable } = weight;
  if (unreadable !== undefined) return unreadable;
  if (shape.length < 2) return 'not a matrix';
  if (shape.includes(0)) return 'has no elements';
  const matrix = weight.stacked ? shape.slice(1) : shape;
  if (matrix.length < 2 || Math.min(matrix.at(0)!, matrix.at(1)!) === 1) {
    return 'a single row or column, not a matrix';
  }
  if (notMatrix !== undefined) return notMatrix;
  return unreadIntegers(weight);
}

/** Why integers that no scheme of quantization is known of cannot be analysed; undefined for other weights. */
export function unreadIntegers({ dtype }: Pick<WeightDescription, 'dtype'>): string | undefined {
  if (elementTypes[dtype].values !== 'integer') return undefined;
  return `integers of type ${dtype}, quantized in a way that is not known: measure the original checkpoint, or convert it to BF16 with the program that made it`;
}

/** Why a weight is left out unless it is asked for by name; undefined when it is not. */
export function unaskedReason(weight: WeightDescription): string | undefined {
  return outsideTheBlocks[weight.kind];
}
