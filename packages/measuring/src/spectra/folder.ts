/**
 * A folder with the eigenvalues of every measured matrix, for numpy and for whatever else reads its
 * format: one `.npy` each, and `spectra.json`, which says what is in which file and of which model.
 *
 * The index is written first, as incomplete, and again when all is done. So a folder always says whose
 * files are in it: a run that begins again replaces its own, and none that it did not write.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError, readTextIfPresent, writeFileAtomic } from '@alphalora/checkpoint/node';
import { AlphaLoraError, type Analysis } from '@alphalora/contracts';
import type { SpectralUnit } from '@alphalora/htsr-core';
import type { Shard } from '../pipeline/shards.js';
import { spectrumFiles } from './file-names.js';
import { npyOf } from './npy.js';

/** `spectra.json`, or `spectra-2-of-4.json` of a shard. */
export interface SpectraIndex extends Pick<Partial<Analysis>, 'tool' | 'options'> {
  kind: 'spectra';
  model: Pick<Analysis['model'], 'source'>;
  /** Whether the run has ended: before that, and after one that was stopped, files may be missing. */
  complete: boolean;
  spectra: SavedSpectrum[];
}

interface SavedSpectrum {
  /** Of the matrix, as in the analysis. */
  name: string;
  /** In this folder: float64, ascending. */
  file: string;
  /** How many there are in it. */
  eigenvalues?: number;
  /** Further ones that are zero to working precision, and not in it. */
  zeros?: number;
}

export interface SpectraFolder {
  write(unit: SpectralUnit, eigenvalues: Float64Array): Promise<void>;
  /** Writes the index, and removes what an earlier run wrote and this one did not. */
  finish(analysis: Analysis): Promise<void>;
}

/**
 * @param source what the document calls the model
 * @param all matrices of the model, of which `planned` are measured here
 * @throws AlphaLoraError `INVALID_OPTION` where files would be replaced that are not of an earlier run
 *   on the same model, `IO_FAILED` when the operating system refuses
 */
export async function openSpectraFolder(params: {
  folder: string;
  source: string;
  all: readonly SpectralUnit[];
  planned: readonly SpectralUnit[];
  shard: Shard | undefined;
}): Promise<SpectraFolder> {
  const { folder, source, planned, shard } = params;
  const files = spectrumFiles(params.all.map(({ name }) => name));
  const plan = planned.map(({ name }) => ({ name, file: files.get(name)! }));
  const indexFile = shard ? `spectra-${shard.index}-of-${shard.count}.json` : 'spectra.json';
  const present = await namesIn(folder);
  const indexes = await indexesIn(folder, present);
  const other = [...indexes].find(([, index]) => index?.model.source !== source);
  if (other) {
    const [name, index] = other;
    const what = index ? `is about ${index.model.source}` : 'is no index of spectra';
    throw refusal(folder, `${name} in it ${what}`);
  }
  const owned = new Set(
    [...indexes.values()].flatMap((index) => index!.spectra.map(({ file }) => file)),
  );
  const lower = new Map(present.map((name) => [name.toLowerCase(), name]));
  const strange = plan.find(({ file }) => lower.has(file.toLowerCase()) && !owned.has(file));
  if (strange) throw refusal(folder, `${strange.file} in it was not written by this command`);
  const earlier = indexes.get(indexFile)?.spectra ?? [];
  const claimed = new Map([...earlier, ...plan].map(({ name, file }) => [file, name]));
  const writeIndex = (index: SpectraIndex): Promise<void> =>
    writeFileAtomic(join(folder, indexFile), `${JSON.stringify(index, null, 1)}\n`);
  await writeIndex({
    ...({ kind: 'spectra', model: { source }, complete: false } as const),
    spectra: [...claimed].map(([file, name]) => ({ name, file })),
  });
  const saved = new Map<string, SavedSpectrum>();
  return {
    async write({ name, matrices }, eigenvalues) {
      const file = files.get(name)!;
      await writeFileAtomic(join(folder, file), npyOf(eigenvalues));
      const all = matrices.reduce((sum, { rows, columns }) => sum + Math.min(rows, columns), 0);
      const { length } = eigenvalues;
      saved.set(name, { name, file, eigenvalues: length, zeros: all - length });
    },
    async finish({ tool, model, options }) {
      const spectra = plan.flatMap(({ name }) => saved.get(name) ?? []);
      await writeIndex({ kind: 'spectra', tool, model, options, complete: true, spectra });
      const kept = new Set(spectra.map(({ file }) => file));
      for (const file of claimed.keys()) {
        if (!kept.has(file)) await rm(join(folder, file), { force: true });
      }
    },
  };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    await mkdir(folder, { recursive: true });
    return await readdir(folder);
  } catch (error) {
    throw fileError(error, folder, 'write');
  }
}

/** By their names; undefined for what is called as one and is none. */
async function indexesIn(
  folder: string,
  names: readonly string[],
): Promise<Map<string, SpectraIndex | undefined>> {
  const own = names.filter((name) => /^spectra(-\d+-of-\d+)?\.json$/.test(name));
  const entries = own.map(
    async (name) => [name, indexOf(await readTextIfPresent(join(folder, name)))] as const,
  );
  return new Map(await Promise.all(entries));
}

/** As far as its fields are relied on. */
function indexOf(text: string | undefined): SpectraIndex | undefined {
  let given: unknown;
  try {
    given = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  const { kind, model, spectra } = (given ?? {}) as Partial<SpectraIndex>;
  const isIndex =
    kind === 'spectra' &&
    typeof model?.source === 'string' &&
    Array.isArray(spectra) &&
    // What is removed lies in the folder.
    spectra.every((one) => /^[\w.-]+\.npy$/.test(String(one?.file)));
  return isIndex ? (given as SpectraIndex) : undefined;
}

function refusal(folder: string, what: string): AlphaLoraError {
  return new AlphaLoraError(
    'INVALID_OPTION',
    `no spectra are saved into ${folder}: ${what}; name an empty folder`,
    { details: { path: folder } },
  );
}
