import { transposed } from '@alphalora/contracts/weights';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { randomDecoder, smallShape } from '../test-support/random-decoder.js';
import { adaptedModel } from './adapted-model.js';
import { type Decoder, loadDecoder } from './decoder.js';
import { logits } from './forward.js';
import { generate } from './generate.js';
import { languageModelLoss } from './loss.js';

let decoder: Decoder;
beforeAll(async () => {
  await useBackend('cpu');
  const settings = { model_type: 'llama', tie_word_embeddings: true, eos_token_id: 3 };
  decoder = await loadDecoder((await randomDecoder(settings)).checkpoint);
});
afterAll(() => decoder.dispose());

const projection = {
  name: 'model.layers.1.self_attn.q_proj',
  block: 1,
  inputs: 12,
  outputs: 24,
  ranks: [2],
  scalings: [1],
  topK: 1,
};
const spec = { projections: [projection], router: { name: 'top-k', options: {} }, dropout: 0 };

describe('generate', () => {
  it('draws the same from the same seed, and something else from another', async () => {
    const options = { temperature: 3, maxTokens: 20, endTokens: [] };
    const [first] = await generate(decoder, [[1, 2]], { ...options, seed: 5 });
    expect(await generate(decoder, [[1, 2]], { ...options, seed: 5 })).toEqual([first]);
    expect(await generate(decoder, [[1, 2]], { ...options, seed: 6 })).not.toEqual([first]);
    expect(first).toHaveLength(20);
  });

  it('ends each row at an end token, which it leaves out, and goes on with the others', async () => {
    const prompts = [[1], [4, 9, 2]];
    const all = await generate(decoder, prompts, { maxTokens: 12, endTokens: [] });
    const end = all[0]![3]!;
    const seen: number[][] = [[], []];
    const texts = await generate(decoder, prompts, {
      maxTokens: 12,
      endTokens: [end],
      onToken: (token, row) => seen[row]!.push(token),
    });
    const until = (text: number[]): number[] =>
      text.includes(end) ? text.slice(0, text.indexOf(end)) : text;
    expect(texts).toEqual(all.map(until));
    expect(texts[0]!.length).toBeLessThanOrEqual(3);
    expect(seen).toEqual(texts);
  });

  it('stops where the positions of the model end', async () => {
    const prompt = new Array<number>(60).fill(1);
    const [text] = await generate(decoder, [prompt], { maxTokens: 50, endTokens: [] });
    expect(text).toHaveLength(4);
    expect(await generate(decoder, [], {})).toEqual([]);
  });

  it('gives each row the positions that its own prompt leaves', async () => {
    const options = { maxTokens: 50, endTokens: [] };
    const prompts = [new Array<number>(60).fill(1), [4, 9]];
    const [long, short] = await generate(decoder, prompts, options);
    expect(long).toHaveLength(4);
    expect(short).toHaveLength(50);
    expect([short]).toEqual(await generate(decoder, [prompts[1]!], options));
  });

  it('continues prompts of every length in one batch as it does one by one', async () => {
    const lengths = Array.from({ length: 63 }, (_, i) => i + 1);
    const prompts = lengths.map((length) => Array.from({ length }, (_, i) => (i * length) % 17));
    const options = { maxTokens: 3, endTokens: [] };
    const alone: number[][] = [];
    for (const prompt of prompts) alone.push(...(await generate(decoder, [prompt], options)));
    expect(await generate(decoder, prompts, options)).toEqual(alone);
    expect(alone.map(({ length }) => length)).toEqual([...Array(61).fill(3), 2, 1]);
  });

  it('refuses prompts that leave no position', async () => {
    for (const length of [64, 70]) {
      const prompt = new Array<number>(length).fill(1);
      await expect(generate(decoder, [[1], prompt], {})).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(new RegExp(`prompt 1 has ${length} tokens.*64 positions`)),
      });
    }
  });

  it('stops when it is told to, and frees what it holds', async () => {
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = generate(decoder, [[1]], {
      maxTokens: 10,
      endTokens: [],
      signal: controller.signal,
      onToken: () => controller.abort(reason),
    });
    await expect(running).rejects.toBe(reason);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses empty prompts and tokens that the model does not know', async () => {
    for (const [prompt, message] of [
      [[], /prompt 0 is empty/],
      [[1, 17], /token 17 at position 1.*vocabulary of 17/],
      [[-1], /token -1/],
      [[1.5], /token 1.5/],
    ] as const) {
      await expect(generate(decoder, [prompt], {})).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(message),
      });
    }
  });
});

describe('adaptedModel', () => {
  const tensors = {
    [`${projection.name}.lora_A`]: { shape: [12, 2], values: new Float32Array(24).fill(0.25) },
    [`${projection.name}.lora_B`]: { shape: [2, 24], values: new Float32Array(48).fill(-0.5) },
  };

  it('gives back its state, and the memory that it took', async () => {
    const before = tf.memory().numTensors;
    const model = adaptedModel(decoder, { spec, tensors });
    expect(model.trainable.variables.map(({ name }) => name)).toEqual(Object.keys(tensors));
    expect(await model.state()).toEqual({ spec, tensors });
    expect(() => adaptedModel(decoder, { spec, tensors })).toThrow(/dispose\(\) the other/);
    const difference = tf.tidy(() => {
      const ids = tf.tensor2d([[1, 5, 3]], undefined, 'int32');
      const adapted = logits(decoder, ids, { adapter: model.adapter }).logits;
      return adapted.sub(logits(decoder, ids).logits).abs().max().dataSync()[0]!;
    });
    expect(difference).toBeGreaterThan(0.01);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    [{ name: 'model.layers.2.self_attn.q_proj' }, /has experts at model.layers.2.self_attn.q_proj/],
    [{ name: 'lm_head' }, /has experts at lm_head/],
    [{ inputs: 13 }, /13 inputs to 24 outputs.*the model 12 to 24/],
  ])('refuses an adapter that does not fit: %j', (change, message) => {
    const other = { ...spec, projections: [{ ...projection, ...change }] };
    expect(() => adaptedModel(decoder, { spec: other, tensors })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) }),
    );
  });
});

describe('languageModelLoss', () => {
  const batch = {
    ids: Int32Array.of(1, 2, 3, 4),
    weights: new Float32Array(4),
    rows: 1,
    length: 4,
    lengths: [4],
  };

  it('is 0 without targets', () => {
    const loss = tf.tidy(() => languageModelLoss(decoder, batch).loss.dataSync()[0]);
    expect(loss).toBe(0);
  });

  it('refuses tokens of another vocabulary', () => {
    const ids = Int32Array.of(1, 2, smallShape.vocab_size, 4);
    expect(() => languageModelLoss(decoder, { ...batch, ids })).toThrow(/token 17 at position 2/);
  });
});

describe('loadDecoder', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e300])(
    'refuses %d in a weight, naming it',
    async (value) => {
      const { checkpoint } = await randomDecoder({
        model_type: 'llama',
        tie_word_embeddings: true,
      });
      const name = 'model.layers.1.mlp.down_proj.weight';
      const tensors = checkpoint.tensors.map((tensor) => ({
        ...tensor,
        async read() {
          const values = Float64Array.from(await tensor.read());
          // Row 2, column 7 of [12, 20].
          if (tensor.name === name) values[47] = value;
          return values;
        },
      }));
      const before = tf.memory().numTensors;
      await expect(loadDecoder({ ...checkpoint, tensors })).rejects.toMatchObject({
        code: 'INVALID_CHECKPOINT',
        message: expect.stringMatching(/down_proj.weight has (NaN|Infinity) at \[2, 7\]/),
      });
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  it('turns linear maps that are stored [inputs, outputs], as quantized ones may be', async () => {
    const { checkpoint } = await randomDecoder({ model_type: 'llama', tie_word_embeddings: true });
    const tensors = checkpoint.tensors.map((tensor) => {
      if (!tensor.name.endsWith('proj.weight')) return tensor;
      const [rows, columns] = tensor.shape as [number, number];
      const read = async () => transposed(await tensor.read(), rows, columns);
      return { ...tensor, shape: [columns, rows], inputFirst: true, read };
    });
    const models = [await loadDecoder(checkpoint), await loadDecoder({ ...checkpoint, tensors })];
    const options = { temperature: 3, maxTokens: 20, endTokens: [], seed: 5 };
    const [texts, turned] = [
      await generate(models[0]!, [[1, 2]], options),
      await generate(models[1]!, [[1, 2]], options),
    ];
    expect(turned).toEqual(texts);
    for (const model of models) model.dispose();
  });

  it('frees what it read when a weight is missing or has another shape', async () => {
    const { checkpoint, config } = await randomDecoder({ model_type: 'llama' });
    const before = tf.memory().numTensors;
    await expect(loadDecoder(checkpoint)).rejects.toMatchObject({
      code: 'INVALID_CHECKPOINT',
      message: expect.stringMatching(/no tensor lm_head.weight/),
    });
    const wider = { ...config, tie_word_embeddings: true, intermediate_size: 24 };
    await expect(loadDecoder(checkpoint, wider)).rejects.toMatchObject({
      code: 'INVALID_CHECKPOINT',
      message: expect.stringMatching(/gate_proj.weight has shape \[20, 12\], by config.json .*24/),
    });
    const biased = { ...config, model_type: 'qwen2', tie_word_embeddings: true };
    await expect(loadDecoder(checkpoint, biased)).rejects.toThrow(/no tensor .*q_proj.bias/);
    expect(tf.memory().numTensors).toBe(before);
  });
});
