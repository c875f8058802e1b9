/**
 * The models of `cases/peft_check.py`, beside the checkout, in real PEFT. That program compares names on disk;
 * here transformers says what it calls them in memory.
 */
import { readFileSync } from 'node:fs';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, shrunkModels, startPython } from '@alphalora/testing/python';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';
import type { NamedTensors } from '../test-support/allocated.js';
import { type Adapted, type Question, ranksInPeft } from '../test-support/peft-ranks.js';

const lack =
  sharedLacks('cases/peft_check.py') ?? pythonLacks('torch', 'transformers>=5.24', 'peft>=0.21');

const program = readFileSync(new URL('../test-support/peft-families.py', import.meta.url), 'utf8');
/** Its table of models, before what it runs. */
const cases = `
import os
with open(os.environ['CASES']) as file: exec(file.read().split('\\ndef run(')[0])
made = lambda name, family: M[name]()
answer_of = answer
answer = lambda question: list(M) if question is None else answer_of(question)
`;

describeUnless(lack, 'the models of the cases, in PEFT', () => {
  const ask = startPython<Question | null, NamedTensors & Adapted>(shrunkModels + program + cases, {
    env: { HF_HUB_OFFLINE: '1', CASES: shared('cases/peft_check.py') },
  });

  it('have the rank that was allocated everywhere, but for what a note names', async () => {
    const names = (await ask(null)) as unknown as string[];
    expect(names.length).toBeGreaterThan(15);
    const noted: string[] = [];
    for (const name of names) {
      const { wanted, ranks, notes } = await ranksInPeft(ask, name, (block) => 2 + block, {});
      const refused = notes.some((note) => note.startsWith('PEFT does not adapt'));
      if (refused) noted.push(name);
      const expected = [...wanted].filter(
        ([module]) => !refused || !module.endsWith('out_proj.weight'),
      );
      expect(expected.length, name).toBeGreaterThan(0);
      expect(ranks, name).toEqual(
        Object.fromEntries(expected.map(([module, [rank]]) => [module, [rank, 1]])),
      );
    }
    expect(noted).toEqual(['mamba']);
  }, 300_000);
});
