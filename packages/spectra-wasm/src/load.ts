/** From ways to get the stages to an instance that has proved itself. */
import { AlphaLoraError } from '@alphalora/contracts';
import { passesSelfTest } from './self-test.js';
import type { Instance } from './stages.js';

/** One way to get an instance. */
export interface Candidate {
  /** What the instance will be called. */
  readonly build: string;
  instantiate(): Promise<Instance>;
}

/**
 * The first candidate that loads here and passes the self-test.
 * @param what the candidates are ways to, and `needs` what they need, for the error
 * @throws AlphaLoraError `ENGINE_FAILED` when there is none
 */
export async function loadFirst(
  candidates: readonly Candidate[],
  { what, needs }: { what: string; needs: string } = WEBASSEMBLY,
): Promise<Instance> {
  const reasons: string[] = [];
  let cause: unknown;
  for (const { build, instantiate } of candidates) {
    try {
      const instance = await instantiate();
      if (await passesSelfTest(instance)) return instance;
      reasons.push(`build '${build}' fails the self-test`);
    } catch (error) {
      reasons.push(`build '${build}' does not load`);
      cause = error;
    }
  }
  throw new AlphaLoraError(
    'ENGINE_FAILED',
    `no ${what} build works here: ${reasons.join('; ')}. ${needs}`,
    { cause },
  );
}

const WEBASSEMBLY = {
  what: 'WebAssembly',
  needs: 'WebAssembly SIMD is needed (Node 20.19 or a browser of 2023)',
};
