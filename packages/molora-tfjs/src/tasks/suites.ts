/** Sets of benchmarks that papers report together. */
import { AlphaLoraError } from '@alphalora/contracts';

/**
 * AlphaLoRA (arXiv 2410.10054) reports ten benchmarks. Its released code has the first six; of the
 * four of mathematics it has none, so that they are an interpretation: sets of word problems with
 * numbers for answers, which the mathematics of LLM-Adapters evaluates on.
 */
const suites: Readonly<Record<string, readonly string[]>> = {
  alphalora: [
    ...['rte', 'mrpc', 'cola', 'scienceqa', 'commonsenseqa', 'openbookqa'],
    ...['gsm8k', 'svamp', 'addsub', 'multiarith'],
  ],
};

/** @returns names of tasks @throws AlphaLoraError `NOT_FOUND` for an unknown name */
export function suiteOf(name: string): readonly string[] {
  const suite = suites[name];
  if (suite) return suite;
  throw new AlphaLoraError(
    'NOT_FOUND',
    `no suite ${name}; choose one of ${Object.keys(suites).join(', ')}`,
  );
}
