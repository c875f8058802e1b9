/** Python's `tokenizers` makes of all texts what the repository keeps of it, and what real tokenizers here do. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sharedFolder, withoutShared } from '../../test-support/reference.js';
import { tokenizerCases, tokenizerProgram } from '../../test-support/tokenizer-cases.js';
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
    new URL('../../../../../examples/demo-model/tokenizer.json', import.meta.url),
  );
  const real = ['llama-tokenizer', 'stories260K', 'babyllama-tok361'].map((name) => [
    name,
    `${sharedFolder}/data/${name}/tokenizer.json`,
  ]);
  it.each([['the demo model', demo], ...(withoutShared ? [] : real)])(
    `agrees over real tokenizers: %s${withoutShared}`,
    (_, file) => {
      const readme = readFileSync(new URL('../../../../../README.md', import.meta.url), 'utf8');
      const texts = [...tokenizerCases().strings, ...readme.split('\n\n'), readme];
      const { status, stdout } = spawnSync(
        python,
        [
          '-c',
          `
import json, sys
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file(sys.argv[1])
texts = json.load(sys.stdin)
ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
print(json.dumps([ids, [tokenizer.decode(run) for run in ids], [tokenizer.encode(text).ids for text in texts]]))`,
          file!,
        ],
        { encoding: 'utf8', input: JSON.stringify(texts), maxBuffer: 2 ** 26 },
      );
      expect(status).toBe(0);
      const own = createTokenizer(JSON.parse(readFileSync(file!, 'utf8')));
      const ids = texts.map((text) => own.encode(text, { begin: false }));
      const begun = texts.map((text) => own.encode(text));
      expect([ids, ids.map((run) => own.decode(run)), begun]).toEqual(JSON.parse(stdout));
    },
  );
});

const withTransformers = spawnSync(python, [
  '-c',
  "import transformers; assert int(transformers.__version__.split('.')[0]) >= 5",
]);
const noTransformers =
  withTransformers.status === 0
    ? ''
    : ` (skipped: ${python} has no transformers 5; set ALPHALORA_PYTHON)`;

describe.skipIf(noTransformers !== '')(`Python's transformers${noTransformers}`, () => {
  it('begins a text with the same tokens, or the tokenizer is refused', () => {
    const names = ['template', 'template of several', 'template of nothing', 'bert'];
    const tokenizers = tokenizerCases().cases.filter(({ name }) =>
      names.some((each) => name === `post ${each}`),
    );
    const classes = ['PreTrainedTokenizerFast', 'GPT2Tokenizer', 'LlamaTokenizer'];
    const all = [...classes, 'GPTNeoXTokenizer', 'Unknown', undefined].flatMap((tokenizer_class) =>
      [undefined, true, false].map((add_bos_token) => ({ tokenizer_class, add_bos_token })),
    );
    const pairs = tokenizers.flatMap(({ tokenizer }) =>
      all.map((settings) => [tokenizer, { bos_token: '<s>', ...settings }] as const),
    );
    const { status, stdout, stderr } = spawnSync(
      python,
      [
        '-c',
        `
import json, os, sys, tempfile
from transformers import AutoTokenizer
def encoded(tokenizer, config):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in dict(tokenizer=tokenizer, tokenizer_config=config, config=dict(model_type="llama")).items():
            with open(os.path.join(folder, name + ".json"), "w") as file:
                json.dump(content, file)
        loaded = AutoTokenizer.from_pretrained(folder)
        return [loaded.encode("the cat"), loaded.encode("the cat", add_special_tokens=False)]
print(json.dumps([encoded(*pair) for pair in json.load(sys.stdin)]))`,
      ],
      { encoding: 'utf8', input: JSON.stringify(pairs), maxBuffer: 2 ** 26 },
    );
    expect(status, stderr).toBe(0);
    const encoded = JSON.parse(stdout) as Array<[number[], number[]]>;
    const differ = pairs.filter(([tokenizer, config], i) => {
      const [whole, text] = encoded[i]!;
      const own = begun(tokenizer, config);
      const expected = own && [...own, ...text];
      return expected && whole.slice(0, expected.length).join() !== expected.join();
    });
    expect(differ).toEqual([]);
    const refused = pairs.filter((pair) => !begun(...pair)).length;
    expect(refused).toBeLessThan(pairs.length / 2);
  });

  function begun(tokenizer: object, config: object): readonly number[] | undefined {
    try {
      return createTokenizer(tokenizer, config).beginTokens;
    } catch {
      return undefined;
    }
  }
});
