/** The element types of the safetensors format: those that we decode, and those that we only know. */
import type { DType } from '@alphalora/contracts';

const bytes = new Map<string, number>([
  ...(['F64', 'I64', 'U64'] as const).map((dtype) => [dtype, 8] as const),
  ...(['F32', 'I32', 'U32'] as const).map((dtype) => [dtype, 4] as const),
  ...(['F16', 'BF16', 'I16', 'U16'] as const).map((dtype) => [dtype, 2] as const),
  ...(['F8_E4M3', 'F8_E5M2', 'I8', 'U8', 'BOOL'] as const).map((dtype) => [dtype, 1] as const),
] satisfies ReadonlyArray<readonly [DType, number]>);

const undecoded = new Set([
  ...['F4', 'F6_E2M3', 'F6_E3M2', 'F8_E8M0', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ', 'C64'],
]);

export function isDType(name: string): name is DType {
  return bytes.has(name);
}

/** Whether the format has this type, though this package does not decode it. */
export function isUndecodedDType(name: string): boolean {
  return undecoded.has(name);
}

/** Stored size of one element, in bytes. */
export function bytesPerElement(dtype: DType): number {
  return bytes.get(dtype)!;
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
