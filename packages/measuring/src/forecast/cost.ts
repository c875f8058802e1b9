/** What a unit will take a thread, from its shape and the speed of the machine. */
import { storedBytes } from '@alphalora/checkpoint';
import { elementTypes, type Matrix } from '@alphalora/contracts/weights';
import { needsRandomised, type SpectralUnit } from '@alphalora/htsr-core';
import { engines } from '../engines/index.js';
import type { MeasurerSettings } from '../pipeline/measurer.js';
import { sampledUnit } from '../pipeline/pipeline.js';
import { engineWork, type Speed } from './speed.js';

/** Seconds of a thread. */
export interface UnitCost {
  /** For the spectrum, reading included: what a cache saves. */
  readonly spectrum: { readonly least: number; readonly most: number };
  /** For everything after it: fit, bootstrap, metrics. */
  readonly rest: number;
}

export type CostSettings = Pick<
  MeasurerSettings,
  'engine' | 'precision' | 'metrics' | 'farms' | 'cacheFolder'
>;

/** Smaller side up to which a randomised spectrum is computed in full (`randomised-spectrum.ts` of htsr-core). */
const RANDOMISED_SIDE = 1024;
/** Operations of the engine in whose time an element is shuffled, and goes through the iterations beyond that. */
const SHUFFLED = { small: 600, large: 3000 } as const;

export function unitCost(unit: SpectralUnit, settings: CostSettings, speed: Speed): UnitCost {
  const { precision, metrics, cacheFolder } = settings;
  const entry = engines.get(settings.engine);
  const sampled = sampledUnit(unit, settings);
  let [least, most, rest] = [0, 0, 0];
  for (const matrix of sampled.matrices) {
    const work = engineWork(entry, matrix, precision);
    least += speed.operation * work.least;
    most += speed.operation * work.most;
    rest += speed.eigenvalue * Math.min(matrix.rows, matrix.columns);
    if (needsRandomised(metrics) && !sampled.factored) {
      rest +=
        speed.operation * randomisedWork(matrix, (part) => engineWork(entry, part, 'f32').most);
    }
  }
  // The cache is asked by a digest, for which a matrix is read once more where nothing stands for it.
  const reading = unit.matrices.reduce((sum, matrix) => {
    const times = cacheFolder !== undefined && matrix.identity === undefined ? 2 : 1;
    return sum + times * speed.byte * readBytes(matrix);
  }, 0);
  return { spectrum: { least: least + reading, most: most + reading }, rest };
}

/** What it comes to, as far as is known. */
export function expected({ spectrum, rest }: UnitCost): number {
  return (spectrum.least + spectrum.most) / 2 + rest;
}

/** Bytes that go by when a matrix is read: as stored, or decoded where rows are not stored in one run. */
function readBytes({ rows, columns, dtype, readInto }: Matrix): number {
  if (readInto) return storedBytes(dtype, rows * columns);
  return rows * columns * (elementTypes[dtype].wide ? 8 : 4);
}

function randomisedWork(matrix: Matrix, workOf: (part: Matrix) => number): number {
  const { rows, columns } = matrix;
  const smaller = Math.min(rows, columns);
  if (smaller <= RANDOMISED_SIDE) return workOf(matrix) + SHUFFLED.small * rows * columns;
  const larger = Math.round((RANDOMISED_SIDE * Math.max(rows, columns)) / smaller);
  const part = { ...matrix, rows: larger, columns: RANDOMISED_SIDE };
  return workOf(part) + SHUFFLED.large * rows * columns;
}
