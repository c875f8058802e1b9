/** Which engine measures: the one that is asked for, or the fastest that passes its self-test here. */
import { AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';
import type { SpectralEngine } from '@alphalora/contracts/extensions';
import { instructionSets } from '@alphalora/spectra-native';
import { engines } from './index.js';

/** Builds by the engine that has them: what `build` can be, beside `auto`. */
const buildsOf = { wasm: ['relaxed', 'simd'], native: instructionSets } as const;

/** All that `build` can be. */
export const builds: readonly string[] = ['auto', ...buildsOf.wasm, ...buildsOf.native];

export interface EngineChoice {
  readonly engine: string;
  readonly build: string;
  /** Why it is this one, for those who ask. */
  readonly why: string;
  /** Why it is not the one that was asked for, or not one that is installed: to be told. */
  readonly note?: string;
}

/**
 * The engine for the given options. `auto`, the default, is the one that has the given build, and
 * otherwise `native` where it is installed and passes its self-test, `wasm` elsewhere, and where other
 * machines have to do the same. Where `native`
 * itself is asked for and does not work, `wasm` takes its place.
 * @throws AlphaLoraError `NOT_FOUND` for an unknown engine, `INVALID_OPTION` for a build that it has not
 */
export async function chosenEngine({
  engine = 'auto',
  build = 'auto',
  everywhere = false,
}: {
  engine?: string | undefined;
  build?: string | undefined;
  /** Whether machines take part that need not have what this one has. */
  everywhere?: boolean;
} = {}): Promise<EngineChoice> {
  const asked = engine === 'auto' ? ownerOf(build) : engine;
  if (asked !== undefined && asked !== 'native') {
    engines.get(asked);
    const why = engine === 'auto' ? `it has the build ${build}` : 'it was asked for';
    return { engine: asked, build, why };
  }
  if (asked === undefined && everywhere) {
    return { engine: 'wasm', build, why: 'every machine has it' };
  }
  const failure = await nativeFailure(build);
  if (failure === undefined) {
    return { engine: 'native', build, why: 'it is installed and passes its self-test' };
  }
  const why = failure.message;
  const isMissing = failure.details['missing'] === true;
  const told = asked === 'native' || !isMissing;
  // Its builds are no builds of the other.
  const other = { engine: 'wasm', build: 'auto', why };
  return told ? { ...other, note: `${why}: measured with wasm` } : other;
}

/** An engine for what is no measurement of a model: the fastest that passes its self-test. */
export async function fastestEngine(): Promise<SpectralEngine> {
  const { engine, build } = await chosenEngine();
  return engines.get(engine).load(build);
}

function ownerOf(build: string): string | undefined {
  if (build === 'auto') return undefined;
  const owner = Object.entries(buildsOf).find(([, names]) =>
    (names as readonly string[]).includes(build),
  );
  if (owner) return owner[0];
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `unknown build ${JSON.stringify(build)}: use one of ${builds.join(', ')}`,
  );
}

const failures = new Map<string, Promise<AlphaLoraError | undefined>>();

/** Why the native engine does not work with this build, found out once. */
function nativeFailure(build: string): Promise<AlphaLoraError | undefined> {
  const failure = failures.get(build) ?? tried(build);
  failures.set(build, failure);
  return failure;
}

async function tried(build: string): Promise<AlphaLoraError | undefined> {
  const engine = await engines.get('native').load(build);
  try {
    await engine.build?.();
    return undefined;
  } catch (error) {
    if (isAlphaLoraError(error, 'ENGINE_FAILED')) return error;
    throw error;
  } finally {
    await engine.close?.();
  }
}
