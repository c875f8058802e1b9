/** Wider weights than those of `scaled.test.ts`, against the programs of their formats. */
import { readFileSync } from 'node:fs';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { describe, expect, it } from 'vitest';
import { expectDequantized, type PackedCase } from '../../test-support/packed-weights.js';

const script = readFileSync(
  new URL('../../test-support/scaled-weights.py', import.meta.url),
  'utf8',
);

/** Functions of the script, and the modules that they need. */
const programs = [
  ['compressed_tensors', 'compressed_tensors'],
  ['bitsandbytes', 'bitsandbytes'],
  ['quanto', 'optimum.quanto'],
  ['torchao', 'torchao'],
  ['transformers', 'transformers'],
] as const;

describe.each(programs)('%s', (program, module) => {
  describeUnless(pythonLacks('torch', module), `the Python package ${module}`, () => {
    it('makes the same values', { timeout: 300_000 }, async () => {
      const answer = runPython(script, { args: ['--large', program] });
      const cases: PackedCase[] = JSON.parse(answer);
      expect(cases.length).toBeGreaterThan(0);
      for (const each of cases) await expectDequantized(each);
    });
  });
});
