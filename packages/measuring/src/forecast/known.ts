/**
 * Which spectra are in the cache, without reading weights: by the notes about files whose content a hub
 * names, and for files on disk by what was measured of them when they had this size and this time of
 * writing. It is a forecast: an analysis takes nothing on trust but the digests of what it reads.
 */
import type { Matrix } from '@alphalora/contracts/weights';
import type { SpectralUnit } from '@alphalora/htsr-core';
import { engines } from '../engines/index.js';
import type { OpenedModel } from '../models/open.js';
import { fileStates } from '../models/state.js';
import { cacheKey, readCached } from '../pipeline/cache.js';
import { readNote } from '../pipeline/content.js';
import { contentsOf, type MeasurerSettings } from '../pipeline/measurer.js';
import { sampledUnit } from '../pipeline/pipeline.js';
import { readDigests } from '../pipeline/record.js';

/** Whether the spectra of a unit are in the cache; undefined where that is not known before it is read. */
export type Known = (unit: SpectralUnit) => Promise<boolean | undefined>;

export async function knownSpectra(
  model: OpenedModel,
  settings: Omit<MeasurerSettings, 'memoryShare'>,
): Promise<Known> {
  const { cacheFolder, build, precision, version } = settings;
  if (cacheFolder === undefined) return async () => false;
  const { name } = await engines.get(settings.engine).load(build);
  const measured = await readDigests(cacheFolder, await fileStates(model.checkpoint));
  const digestOf = async (unit: SpectralUnit, matrix: Matrix): Promise<string | undefined> =>
    matrix.identity === undefined
      ? // Of several matrices, only the digest of all of them together was kept.
        measured.get(unit.matrices.length === 1 ? unit.name : '')
      : readNote(matrix, cacheFolder);
  const isCached = async (matrix: Matrix, digest: string): Promise<boolean> => {
    const key = cacheKey({ digest, engine: `${name} ${build}`, precision, version });
    const count = Math.min(matrix.rows, matrix.columns);
    return (await readCached(cacheFolder, key, count)) !== undefined;
  };
  return async (unit) => {
    const contents = [];
    for (const matrix of unit.matrices) {
      const digest = await digestOf(unit, matrix);
      if (digest === undefined) return matrix.identity === undefined ? undefined : false;
      contents.push({ matrix, known: digest, digest: async () => digest });
    }
    for (const [matrix, { known }] of contentsOf(contents, sampledUnit(unit, settings))) {
      if (!(await isCached(matrix, known!))) return false;
    }
    return true;
  };
}
