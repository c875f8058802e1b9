/** PyYAML, which Axolotl and LLaMA-Factory read their files with and which speaks YAML 1.1. */

import { spawnSync } from 'node:child_process';
import { hostile, llamaLike, projectionAllocation } from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { filesOf } from '../test-support/exported.js';

const python = process.env['ALPHALORA_PYTHON'] ?? 'python3';
const missing = spawnSync(python, ['-c', 'import yaml']).status !== 0;
const reason = missing ? ` (skipped: ${python} has no yaml; set ALPHALORA_PYTHON)` : '';
const program = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin.buffer)))';

describe.skipIf(missing)(`YAML, read by PyYAML${reason}`, () => {
  const odd = hostile.map((name, i) => [name, 0, i + 1] as [string, number, number]);
  it.each([
    ['axolotl', llamaLike],
    ['axolotl', odd],
    ['llama-factory', llamaLike],
    ['llama-factory', odd],
  ])('%s has the same content', async (format, list) => {
    const text = (await filesOf(projectionAllocation('rank', list), format)) as string;
    const run = spawnSync(python, ['-c', program], { input: text, encoding: 'utf8' });
    expect(run.stderr).toBe('');
    expect(JSON.parse(run.stdout)).toEqual(parse(text));
  });
});
