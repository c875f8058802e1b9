/** Transformers gives what is kept of it, and GGUF files of GPT-2 and GPT-NeoX give the same. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCheckpoint } from '@alphalora/checkpoint/node';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { useBackend } from '../../test-support/backend.js';
import { type GoldenModel, goldenModels } from '../../test-support/golden-models.js';
import { loadDecoder } from '../decoder.js';
import { logits } from '../forward.js';

const program = new URL('../../test-support/golden-models.py', import.meta.url);
const gpts = goldenModels.filter(({ config }) => config.model_type.startsWith('gpt'));
const root = temporaryFolder('gpt');

beforeAll(() => useBackend('cpu'));

describeUnless(pythonLacks('torch', 'transformers>=5'), 'transformers', () => {
  it('gives what is kept of it', () => {
    const printed = runPython(readFileSync(program, 'utf8'));
    const now: GoldenModel[] = JSON.parse(printed);
    for (const [i, model] of goldenModels.entries()) {
      const { logits: found, ...rest } = now[i]!;
      expect(rest).toEqual({ ...model, logits: undefined });
      for (const [at, value] of model.logits.entries()) expect(found[at]).toBeCloseTo(value, 5);
    }
  });
});

/**
 * As llama.cpp's converter writes them: linear maps of GPT-2 output-first, queries, keys and values of GPT-NeoX in
 * turn, not head by head.
 */
const writeGguf = `
import json, sys, gguf, numpy
model = json.load(sys.stdin)
c = model['config']
neox = c['model_type'] == 'gpt_neox'
arch = 'gptneox' if neox else 'gpt2'
names = gguf.get_tensor_name_map(next(k for k, n in gguf.MODEL_ARCH_NAMES.items() if n == arch), 2)
writer = gguf.GGUFWriter(sys.argv[1], arch)
writer.add_block_count(2)
writer.add_context_length(12)
writer.add_embedding_length(8)
writer.add_feed_forward_length(12)
writer.add_head_count(2)
writer.add_layer_norm_eps(1e-5)
if neox:
    writer.add_rope_dimension_count(2)
    writer.add_parallel_residual(True)
for name, tensor in model['weights'].items():
    w = (numpy.array(tensor['values'], numpy.float32) / 1024).reshape(tensor['shape'])
    if name.endswith(('.c_attn.weight', '.c_proj.weight', '.c_fc.weight')): w = w.T
    if 'query_key_value' in name: w = w.reshape(2, 3, 4, *w.shape[1:]).swapaxes(0, 1).reshape(w.shape)
    writer.add_tensor(names.get_name(name, try_suffixes=('.weight', '.bias')), numpy.ascontiguousarray(w))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()`;

describeUnless(pythonLacks('gguf', 'numpy'), "Python's gguf", () => {
  it.each(gpts)('$config.model_type is the same in a GGUF file', async (model) => {
    const path = join(root, `${model.config.model_type}.gguf`);
    runPython(writeGguf, { args: [path], input: JSON.stringify(model) });
    const checkpoint = await openCheckpoint(path);
    const decoder = await loadDecoder(checkpoint).finally(() => checkpoint.close());
    const found = tf.tidy(() => [
      ...logits(decoder, tf.tensor2d([model.prompts[0]!], undefined, 'int32')).logits.dataSync(),
    ]);
    decoder.dispose();
    for (const [i, value] of model.logits.entries())
      expect(Math.abs(found[i]! - value)).toBeLessThan(2e-5);
  });
});
