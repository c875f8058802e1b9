/** How much memory the process will take at its peak. */
import { elementTypes, type Matrix } from '@alphalora/contracts/weights';
import { needsRandomised, type SpectralUnit } from '@alphalora/htsr-core';
import type { MeasurerSettings } from '../pipeline/measurer.js';
import { memoryOf } from '../pipeline/pipeline.js';

/**
 * Bytes beside the matrices, as runs of Node 20 and 24 show them: of the program, of what it knows of a
 * unit, and of a thread; and what a thread has not thrown away yet of values that it decoded, and of
 * those that it shuffled.
 */
const PROGRAM = 85e6;
const UNIT = 3e3;
const THREAD = 22e6;
const DECODED = 34e6;
const SHUFFLED = 70e6;

/**
 * The usual peak: an engine keeps the memory of its largest matrix, and the largest are measured first.
 * What an engine may do within its part of the memory for exact values takes more, and few matrices
 * need it.
 */
export function expectedMemory(
  units: readonly SpectralUnit[],
  settings: Pick<MeasurerSettings, 'engine' | 'precision' | 'metrics' | 'farms'>,
  threads: number,
): number {
  const usual = units
    .map((unit) => memoryOf(unit, { ...settings, memoryShare: 0 }))
    .sort((a, b) => b - a)
    .slice(0, threads);
  const thread =
    THREAD +
    (units.some(({ matrices }) => matrices.some(isDecoded)) ? DECODED : 0) +
    (needsRandomised(settings.metrics) ? SHUFFLED : 0);
  return usual.reduce((sum, bytes) => sum + bytes + thread, PROGRAM + UNIT * units.length);
}

/** Whether its values go through JavaScript on their way to the engine. */
function isDecoded({ dtype, readInto }: Matrix): boolean {
  return readInto === undefined || elementTypes[dtype].elements > 1;
}
