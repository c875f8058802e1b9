/** Python's `tokenizers` makes of all texts what the repository keeps of it, and what real tokenizers here do. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { demoModel, shared, sharedLacks } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';
import { tokenizerCases, tokenizerProgram } from '../../test-support/tokenizer-cases.js';
import { byteAlphabet } from './characters.js';
import { createTokenizer } from './tokenizer.js';

const bytes = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: false };

/** A token for each byte, so that every difference shows. */
function byteLevel(): object {
  const vocab = Object.fromEntries(byteAlphabet().map((token, id) => [token, id]));
  return {
    version: '1.0',
    added_tokens: [],
    model: { type: 'BPE', unk_token: null, vocab, merges: [] },
    decoder: bytes,
  };
}

describeUnless(pythonLacks('tokenizers'), "Python's tokenizers", () => {
  it('agrees with what is kept of it', () => {
    expect(tokenizerCases(runPython(tokenizerProgram))).toEqual(tokenizerCases());
  });

  it('knows the same characters as BERT does', () => {
    const parts = {
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase: true,
      },
      pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'BertPreTokenizer' }, bytes] },
    };
    const tokenizer = { ...byteLevel(), ...parts };
    // Their decomposition is newer than what the Rust library knows.
    const later = new Set(
      '105c9 105e4 11383 11385 1138e 11391 113c5 113c7 113c8 11938 16121 16122 16123 16124 16125 16126 16127 16128 16d68 16d69 16d6a'.split(
        ' ',
      ),
    );
    const texts: string[] = [];
    for (let first = 0; first < 0x110000; first += 64) {
      // Private characters fill the last planes.
      if (first >= 0xe0200 && first % 0x8000 !== 0) continue;
      const all = Array.from({ length: 64 }, (_, i) => first + i).filter(
        (code) => (code < 0xd800 || code > 0xdfff) && !later.has(code.toString(16)),
      );
      texts.push(all.map((code) => `x${String.fromCodePoint(code)}y`).join(''));
    }
    const printed = runPython(
      `
import json, sys
from tokenizers import Tokenizer
tokenizer, texts = json.load(sys.stdin)
tokenizer = Tokenizer.from_str(json.dumps(tokenizer))
print(json.dumps([tokenizer.encode(text).ids for text in texts]))`,
      { input: JSON.stringify([tokenizer, texts]) },
    );
    const expected: number[][] = JSON.parse(printed);
    const own = createTokenizer(tokenizer);
    const differ = texts.filter((text, i) => own.encode(text).join() !== expected[i]!.join());
    expect(differ).toEqual([]);
  }, 120_000);

  const demo = join(demoModel, 'tokenizer.json');
  const real = ['llama-tokenizer', 'stories260K', 'babyllama-tok361'].map((name) => [
    name,
    shared(`data/${name}/tokenizer.json`),
  ]);
  it.each([['the demo model', demo], ...(sharedLacks('data') ? [] : real)])(
    'agrees over real tokenizers: %s',
    (_, file) => {
      const readme = readFileSync(new URL('../../../../../README.md', import.meta.url), 'utf8');
      const texts = [...tokenizerCases().strings, ...readme.split('\n\n'), readme];
      const printed = runPython(
        `
import json, sys
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file(sys.argv[1])
texts = json.load(sys.stdin)
ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
print(json.dumps([ids, [tokenizer.decode(run) for run in ids], [tokenizer.encode(text).ids for text in texts]]))`,
        { args: [file!], input: JSON.stringify(texts) },
      );
      const own = createTokenizer(JSON.parse(readFileSync(file!, 'utf8')));
      const ids = texts.map((text) => own.encode(text, { begin: false }));
      const begun = texts.map((text) => own.encode(text));
      expect([ids, ids.map((run) => own.decode(run)), begun]).toEqual(JSON.parse(printed));
    },
  );
});

describeUnless(pythonLacks('transformers>=5'), "Python's transformers", () => {
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
    const printed = runPython(
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
      { input: JSON.stringify(pairs) },
    );
    const encoded = JSON.parse(printed) as Array<[number[], number[]]>;
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
