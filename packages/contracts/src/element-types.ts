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
  readonly values: 'float' | 'integer' | 'complex';
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
  // Floats of AMD's earlier chips; powers of two; floats of four bits, two to a byte.
  F8_E4M3FNUZ: { elements: 1, bytes: 1, values: 'float', wide: false },
  F8_E5M2FNUZ: { elements: 1, bytes: 1, values: 'float', wide: false },
  F8_E8M0: { elements: 1, bytes: 1, values: 'float', wide: false },
  F4: { elements: 2, bytes: 1, values: 'float', wide: false },
  // These two and complex numbers are listed, and not decoded.
  F6_E2M3: { elements: 4, bytes: 3, values: 'float', wide: false },
  F6_E3M2: { elements: 4, bytes: 3, values: 'float', wide: false },
  C64: { elements: 1, bytes: 8, values: 'complex', wide: false },
  I64: { elements: 1, bytes: 8, values: 'integer', wide: true },
  I32: { elements: 1, bytes: 4, values: 'integer', wide: true },
  I16: { elements: 1, bytes: 2, values: 'integer', wide: false },
  I8: { elements: 1, bytes: 1, values: 'integer', wide: false },
  U64: { elements: 1, bytes: 8, values: 'integer', wide: true },
  U32: { elements: 1, bytes: 4, values: 'integer', wide: true },
  U16: { elements: 1, bytes: 2, values: 'integer', wide: false },
  U8: { elements: 1, bytes: 1, values: 'integer', wide: false },
  BOOL: { elements: 1, bytes: 1, values: 'integer', wide: false },
  // Of ggml: codes that are multiplied by scales, which are stored with them.
  Q4_0: { elements: 32, bytes: 18, values: 'float', wide: false },
  Q4_1: { elements: 32, bytes: 20, values: 'float', wide: false },
  Q5_0: { elements: 32, bytes: 22, values: 'float', wide: false },
  Q5_1: { elements: 32, bytes: 24, values: 'float', wide: false },
  Q8_0: { elements: 32, bytes: 34, values: 'float', wide: false },
  Q2_K: { elements: 256, bytes: 84, values: 'float', wide: false },
  Q3_K: { elements: 256, bytes: 110, values: 'float', wide: false },
  Q4_K: { elements: 256, bytes: 144, values: 'float', wide: false },
  Q5_K: { elements: 256, bytes: 176, values: 'float', wide: false },
  Q6_K: { elements: 256, bytes: 210, values: 'float', wide: false },
  IQ1_S: { elements: 256, bytes: 50, values: 'float', wide: false },
  IQ1_M: { elements: 256, bytes: 56, values: 'float', wide: false },
  IQ2_XXS: { elements: 256, bytes: 66, values: 'float', wide: false },
  IQ2_XS: { elements: 256, bytes: 74, values: 'float', wide: false },
  IQ2_S: { elements: 256, bytes: 82, values: 'float', wide: false },
  IQ3_XXS: { elements: 256, bytes: 98, values: 'float', wide: false },
  IQ3_S: { elements: 256, bytes: 110, values: 'float', wide: false },
  IQ4_NL: { elements: 32, bytes: 18, values: 'float', wide: false },
  IQ4_XS: { elements: 256, bytes: 136, values: 'float', wide: false },
  TQ1_0: { elements: 256, bytes: 54, values: 'float', wide: false },
  TQ2_0: { elements: 256, bytes: 66, values: 'float', wide: false },
  MXFP4: { elements: 32, bytes: 17, values: 'float', wide: false },
  NVFP4: { elements: 64, bytes: 36, values: 'float', wide: false },
} as const;

/** An element type, by the name that safetensors or ggml gives it. */
export type DType = keyof typeof types;

export const elementTypes: Readonly<Record<DType, ElementType>> = types;

/** What weights can be rounded to when they are loaded, by the names that PyTorch has for it. */
export const castTypes = ['float16', 'bfloat16'] as const;

export type CastType = (typeof castTypes)[number];
