/** The element types of ggml by their numbers (`ggml_type` of ggml.h); gaps are types that it has dropped. */
import { AlphaLoraError } from '@alphalora/contracts';
import { type DType, elementTypes } from '@alphalora/contracts/weights';

const names: Readonly<Record<number, string>> = {
  ...{ 0: 'F32', 1: 'F16', 2: 'Q4_0', 3: 'Q4_1', 6: 'Q5_0', 7: 'Q5_1', 8: 'Q8_0', 9: 'Q8_1' },
  ...{ 10: 'Q2_K', 11: 'Q3_K', 12: 'Q4_K', 13: 'Q5_K', 14: 'Q6_K', 15: 'Q8_K' },
  ...{ 16: 'IQ2_XXS', 17: 'IQ2_XS', 18: 'IQ3_XXS', 19: 'IQ1_S', 20: 'IQ4_NL', 21: 'IQ3_S' },
  ...{ 22: 'IQ2_S', 23: 'IQ4_XS', 24: 'I8', 25: 'I16', 26: 'I32', 27: 'I64', 28: 'F64' },
  ...{ 29: 'IQ1_M', 30: 'BF16', 34: 'TQ1_0', 35: 'TQ2_0', 39: 'MXFP4', 40: 'NVFP4', 41: 'Q1_0' },
};

/** @throws AlphaLoraError `INVALID_OPTION` for a type that ggml does not have */
export function numberOf(dtype: DType): number {
  const [number] = Object.entries(names).find(([, name]) => name === dtype) ?? [];
  if (number !== undefined) return Number(number);
  throw new AlphaLoraError('INVALID_OPTION', `${dtype} is none of the types of GGUF`);
}

/** @returns the name, and whether elements of the type are decoded here; undefined for no type of ggml */
export function elementType(
  number: number,
): { name: string; dtype: DType | undefined } | undefined {
  const name = names[number];
  return name === undefined ? undefined : { name, dtype: isDecoded(name) ? name : undefined };
}

function isDecoded(name: string): name is DType {
  return Object.hasOwn(elementTypes, name);
}
