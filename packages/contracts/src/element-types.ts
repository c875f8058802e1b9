/**
 * The types of stored elements, as one table that whatever names or sizes them reads. Decoders are
 * in `@alphalora/checkpoint`; which of the types a file may hold is for its format to say.
 */

export interface ElementType {
  /** Elements that are stored together: 1, or those of a block that share a scale. */
  readonly elements: number;
  /** Bytes that these take. */
  readonly bytes: number;
  /** What the values stand for: integers may be anything, such as codes of a quantisation. */
  readonly values: 'float' | 'integer';
  /** Whether there are values that a float32 cannot hold. */
  readonly wide: boolean;
}

const types = {
  F64: { elements: 1, bytes: 8, values: 'float', wide: true },
  F32: { elements: 1, bytes: 4, values: 'float', wide: false },
  F16: { elements: 1, bytes: 2, values: 'float', wide: false },
  BF16: { elements: 1, bytes: 2, values: 'float', wide: false },
  F8_E4M3: { elements: 1, bytes: 1, values: 'float', wide: false },
  F8_E5M2: { elements: 1, bytes: 1, values: 'float', wide: false },
  I64: { elements: 1, bytes: 8, values: 'integer', wide: true },
  I32: { elements: 1, bytes: 4, values: 'integer', wide: true },
  I16: { elements: 1, bytes: 2, values: 'integer', wide: false },
  I8: { elements: 1, bytes: 1, values: 'integer', wide: false },
  U64: { elements: 1, bytes: 8, values: 'integer', wide: true },
  U32: { elements: 1, bytes: 4, values: 'integer', wide: true },
  U16: { elements: 1, bytes: 2, values: 'integer', wide: false },
  U8: { elements: 1, bytes: 1, values: 'integer', wide: false },
  BOOL: { elements: 1, bytes: 1, values: 'integer', wide: false },
  /** Of ggml: a scale in F16, then its multiples in I8. */
  Q8_0: { elements: 32, bytes: 34, values: 'float', wide: false },
} as const;

/** An element type, by the name that safetensors or ggml gives it. */
export type DType = keyof typeof types;

export const elementTypes: Readonly<Record<DType, ElementType>> = types;
