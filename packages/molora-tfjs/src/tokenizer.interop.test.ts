/** Python's `tokenizers` makes of all texts what the repository keeps of it, and what real tokenizers here do. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sharedFolder, withoutShared } from './test-support/reference.js';
import { tokenizerCases, tokenizerProgram } from './test-support/tokenizer-cases.js';
import { createTokenizer } from './tokenizer.js';

const python = process.env['ALPHALORA_PYTHON'] ?? 'python3';
const probe = spawnSync(python, ['-c', 'import tokenizers']);
const reason =
  probe.status === 0 ? '' : ` (skipped: ${python} has no tokenizers; set ALPHALORA_PYTHON)`;

describe.skipIf(reason !== '')(`Python's tokenizers${reason}`, () => {
  it('agrees with what is kept of it', () => {
    const { status, stdout } = spawnSync(python, [tokenizerProgram], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    expect(status).toBe(0);
    expect(tokenizerCases(stdout)).toEqual(tokenizerCases());
  });

  const demo = fileURLToPath(
    new URL('../../../examples/demo-model/tokenizer.json', import.meta.url),
  );
  const real = ['llama-tokenizer', 'stories260K', 'babyllama-tok361'].map((name) => [
    name,
    `${sharedFolder}/data/${name}/tokenizer.json`,
  ]);
  it.each([['the demo model', demo], ...(withoutShared ? [] : real)])(
    `agrees over real tokenizers: %s${withoutShared}`,
    (_, file) => {
      const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
      const texts = [...tokenizerCases().strings, ...readme.split('\n\n'), readme];
      const { status, stdout } = spawnSync(
        python,
        [
          '-c',
          `
import json, sys
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file(sys.argv[1])
ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in json.load(sys.stdin)]
print(json.dumps([ids, [tokenizer.decode(run) for run in ids]]))`,
          file!,
        ],
        { encoding: 'utf8', input: JSON.stringify(texts), maxBuffer: 2 ** 26 },
      );
      expect(status).toBe(0);
      const own = createTokenizer(JSON.parse(readFileSync(file!, 'utf8')));
      const ids = texts.map((text) => own.encode(text, { begin: false }));
      expect([ids, ids.map((run) => own.decode(run))]).toEqual(JSON.parse(stdout));
    },
  );
});
