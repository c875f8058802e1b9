/** In which form elements go into the Gram product. */
import { kinds } from './input.js';
import { DEPTH_BYTES } from './layout.js';
import type { ProductStages, StageExports, Stages } from './stages.js';

/** How elements are packed for the product, and the product of what is packed so. */
export interface Packing extends ProductStages {
  /** Bytes of one row of so many packed elements. */
  rowBytes(elements: number): number;
  /** Elements of a row that one packed product adds. */
  readonly depth: number;
}

/**
 * The packing for elements of a stored type: as numbers of the arithmetic, or bfloat16 in pairs where
 * the processor multiplies those, the arithmetic is float32 and nothing has to be scaled.
 * @param kind the stored type, as the stages number them
 */
export function packingOf(
  { pairs }: StageExports,
  stages: Stages,
  { size, kind, scale }: { size: 4 | 8; kind: number; scale: number },
): Packing {
  if (pairs && size === 4 && kind === kinds.BF16 && scale === 1) {
    return {
      packRows: pairs.packRowsPairs,
      packColumns: pairs.packColumnsPairs,
      updateTileRow: pairs.updateTileRowPairs,
      rowBytes: (elements) => Math.ceil(elements / 2) * 4,
      depth: DEPTH_BYTES / 2,
    };
  }
  const { packRows, packColumns, updateTileRow } = stages;
  const rowBytes = (elements: number): number => elements * size;
  return { packRows, packColumns, updateTileRow, rowBytes, depth: DEPTH_BYTES / size };
}
