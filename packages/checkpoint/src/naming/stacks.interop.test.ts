/** The main stack of models as transformers builds them: the text model's, with its number of blocks. */
import { readFileSync } from 'node:fs';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { beforeAll, expect, it } from 'vitest';
import type { NamedShape } from './lists.js';
import { stacksOf } from './stacks.js';

interface Model {
  name: string;
  blocks: number[];
  config: Record<string, unknown>;
  tensors: NamedShape[];
}

const program = new URL('../test-support/stacks-of-models.py', import.meta.url);

describeUnless(pythonLacks('transformers', 'torch'), 'models of transformers', () => {
  let models: Model[];
  beforeAll(() => {
    models = JSON.parse(runPython(readFileSync(program, 'utf8')));
  }, 240_000);

  it('have their text model as the main stack', () => {
    const mainOf = ({ tensors, config }: Model): number[] =>
      stacksOf(tensors, config).all.flatMap(({ main, blocks }) => (main ? [blocks] : []));
    const found = models.map((model) => [model.name, mainOf(model)]);
    expect(found).toEqual(models.map(({ name, blocks }) => [name, blocks]));
    expect(models.length).toBeGreaterThan(15);
  });

  it('have as many blocks as their configuration says', () => {
    for (const { name, tensors, config } of models) {
      expect(stacksOf(tensors, config).short, name).toBeUndefined();
    }
  });
});
