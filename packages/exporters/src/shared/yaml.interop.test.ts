/** PyYAML, which Axolotl and LLaMA-Factory read their files with and which speaks YAML 1.1. */
import { hostile, llamaLike, projectionAllocation } from '@alphalora/documents/testing';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { filesOf } from '../test-support/exported.js';

const program = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin.buffer)))';

describeUnless(pythonLacks('yaml'), 'YAML, read by PyYAML', () => {
  const odd = hostile.map((name, i) => [name, 0, i + 1] as [string, number, number]);
  it.each([
    ['axolotl', llamaLike],
    ['axolotl', odd],
    ['llama-factory', llamaLike],
    ['llama-factory', odd],
  ])('%s has the same content', async (format, list) => {
    const text = (await filesOf(projectionAllocation('rank', list), format)) as string;
    expect(JSON.parse(runPython(program, { input: text }))).toEqual(parse(text));
  });
});
