/**
 * What is exported for TRL, Unsloth, ms-swift and Soup, in these programs: their own commands, arguments and
 * configurations on a small Llama of transformers must give each module the rank that was allocated.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  llamaLike,
  type Projection,
  projectionAllocation,
  selectionAllocation,
} from '@alphalora/documents/testing';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { describe, expect, it } from 'vitest';
import { filesOf } from '../test-support/exported.js';

type Ranks = Record<string, [rank: number, scaling: number]>;

const root = temporaryFolder('trainers');
const model = join(root, 'model');
const program = readFileSync(new URL('../test-support/trainers.py', import.meta.url), 'utf8');

/** Ranks that differ within blocks and between them, and the same in the last. */
const list = [0, 1, 2].flatMap((block): Projection[] => [
  [`model.layers.${block}.self_attn.q_proj.weight`, block, 2 + block],
  [`model.layers.${block}.self_attn.o_proj.weight`, block, block === 1 ? 0 : 4],
  [`model.layers.${block}.mlp.up_proj.weight`, block, block === 2 ? 4 : 6 - block],
]);

/** By module. */
function wantedOf(scaling: (rank: number) => number): Ranks {
  return Object.fromEntries(
    list.flatMap(([name, , rank]) =>
      rank > 0 ? [[name.replace('.weight', ''), [rank, scaling(rank)]]] : [],
    ),
  );
}

// What each needs beside itself; a program patches the others, so each has a process of its own.
describe.each([
  ['trl', ['trl>=1.0', 'datasets']],
  ['unsloth', ['unsloth', 'unsloth_zoo', 'datasets']],
  ['ms-swift', ['swift', 'modelscope', 'datasets']],
])('for %s', (format, packages) => {
  const lack = pythonLacks('torch', 'transformers>=5', 'peft>=0.15', ...packages);
  describeUnless(lack, 'the Python', () => {
    const ask = startPython<unknown[], Ranks>(program, {
      env: { HF_HUB_OFFLINE: '1', TRANSFORMERS_VERBOSITY: 'error' },
    });

    it.each([
      ['a constant scaling', {}, () => 1],
      ['alpha/sqrt(r)', { scaling: 'alpha/sqrt(r)', alpha: 8 }, (r: number) => 8 / Math.sqrt(r)],
    ] as const)(
      'gives each module its rank, with %s',
      async (name, options, scaling) => {
        const folder = join(root, `${format}-${name.replace(/\W/g, '')}`);
        mkdirSync(folder);
        const files = await filesOf(projectionAllocation('rank', list), format, options);
        for (const [file, text] of Object.entries(files as Record<string, string>))
          writeFileSync(join(folder, file), text);
        const found = await ask([format, model, folder]);
        const wanted = wantedOf(scaling);
        expect(Object.keys(found).toSorted()).toEqual(Object.keys(wanted).toSorted());
        for (const [module, [rank, scale]] of Object.entries(wanted)) {
          expect([module, found[module]![0]]).toEqual([module, rank]);
          expect(found[module]![1]).toBeCloseTo(scale, 12);
        }
      },
      300_000,
    );
  });
});

describeUnless(
  pythonLacks('torch', 'transformers>=5', 'peft>=0.15', 'soup_cli'),
  'for soup, the YAML',
  () => {
    const ask = startPython<unknown[], Ranks | string[]>(program, {
      env: { HF_HUB_OFFLINE: '1' },
    });

    it('gives each module its rank', async () => {
      const text = await filesOf(projectionAllocation('rank', list), 'soup');
      expect(await ask(['soup', model, text])).toEqual(wantedOf(() => 1));
    }, 300_000);

    it('keeps modules apart that an expression takes out', async () => {
      const others = ['visual.blocks.*.self_attn.q_proj.weight', 'lm_head.weight'];
      const more = { model: { source: 'x', others } };
      const text = await filesOf(projectionAllocation('rank', list, more), 'soup');
      expect(text).toMatch(/target_modules: ["'(]*\(\?!/);
      expect(await ask(['soup', model, text])).toEqual(wantedOf(() => 1));
    }, 300_000);

    it('trains what was selected, with its biases, and nothing else', async () => {
      const text = await filesOf(selectionAllocation(llamaLike), 'soup');
      const selected = llamaLike.flatMap(([name, , amount]) => (amount > 0 ? [name] : []));
      const biases = selected.flatMap((name) =>
        name.includes('self_attn') ? [name.replace('weight', 'bias')] : [],
      );
      const found = (await ask(['soup', model, text])) as string[];
      expect(found.toSorted()).toEqual([...selected, ...biases].toSorted());
    }, 300_000);
  },
);
