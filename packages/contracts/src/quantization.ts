/** Whether the values of a weight were rounded to codes of a few bits, and how. */
import { type DType, elementTypes } from './element-types.js';

/** The scheme that a matrix was dequantized from, or its type: one of blocks, or a float of eight bits. */
export function quantizationOf({
  quantization,
  dtype,
}: {
  readonly quantization?: string;
  readonly dtype: DType;
}): string | undefined {
  const { elements, bytes, values } = elementTypes[dtype];
  const isSmallFloat = values === 'float' && bytes === 1;
  return quantization ?? (elements > 1 || isSmallFloat ? dtype : undefined);
}
