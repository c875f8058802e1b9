/** A real model goes on with a prompt as transformers does, which reads the same GGUF file itself. */
import { basename, dirname } from 'node:path';
import { itUnless } from '@alphalora/testing/lacking';
import { smolLm2, smolLm2Lacks } from '@alphalora/testing/models';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { expect } from 'vitest';
import { generate } from '../decoder/generate.js';
import { tensorflowLacks, useBackend } from '../test-support/backend.js';
import { loadModel } from './load.js';

const program = `
import json, sys, torch
from transformers import AutoModelForCausalLM
folder, file, prompts = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32).eval()
# Without an end, as below: text goes on behind the tokens that would end it.
model.generation_config.eos_token_id = None
texts = []
for prompt in prompts:
    ids = torch.tensor([prompt])
    made = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=100, do_sample=False, pad_token_id=0)
    texts.append(made[0, len(prompt):].tolist())
print(json.dumps(texts))
`;

const texts = [
  'The capital of France is',
  'Question: Why is the sky blue?\nAnswer:',
  'def fibonacci(n):\n',
];
const lacks =
  smolLm2Lacks ??
  pythonLacks('torch', 'transformers>=5.0', 'gguf', 'accelerate') ??
  (await tensorflowLacks());

itUnless(
  lacks,
  'SmolLM2 writes the 100 tokens after each of three prompts that transformers writes',
  async () => {
    await useBackend('tensorflow');
    const { decoder, tokenizer } = await loadModel(smolLm2);
    const prompts = texts.map((text) => tokenizer!.encode(text));
    const found = await generate(decoder, prompts, { maxTokens: 100, endTokens: [] });
    decoder.dispose();
    const args = [dirname(smolLm2), basename(smolLm2), JSON.stringify(prompts)];
    const expected = JSON.parse(runPython(program, { args })) as number[][];
    expect(expected.map(({ length }) => length)).toEqual([100, 100, 100]);
    expect(found.map((ids) => tokenizer!.decode(ids))).toEqual(
      expected.map((ids) => tokenizer!.decode(ids)),
    );
    expect(found).toEqual(expected);
  },
  600_000,
);
