/** Files of models and adapters with faults in them: never an untyped error. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeValues, serializeSafetensors } from '@alphalora/checkpoint';
import { isAlphaLoraError } from '@alphalora/contracts';
import { createTokenizer } from '@alphalora/molora-tfjs/decoder';
import { writeLanguageModel } from '@alphalora/testing/language-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alphalora, parameters, temporaryPlace } from './test-support/fuzzing.js';
import { mutatedBytes, mutatedJson } from './test-support/mutations.js';

const { file, write } = temporaryPlace();

describe('fuzzing a model', () => {
  const folder = writeLanguageModel(file('model'));
  const weights = readFileSync(join(folder, 'model.safetensors'));
  const header = weights.subarray(8, 8 + Number(weights.readBigUInt64LE(0)));
  const read = (name: string): Record<string, unknown> =>
    JSON.parse(readFileSync(join(folder, name), 'utf8'));

  /** What can be listed can be planned. */
  async function inspects(model: string): Promise<void> {
    const { code } = await alphalora('inspect', model);
    if (code === 0) expect((await alphalora('analyze', model, '--dry-run')).code).toBe(0);
  }

  it('its configuration and its index', async () => {
    mkdirSync(file('sharded'));
    const shard = 'model-00001-of-00001.safetensors';
    write(`sharded/${shard}`, weights);
    const names = Object.keys(JSON.parse(header.toString()));
    const index = {
      metadata: { total_size: 1000 },
      weight_map: Object.fromEntries(
        names.filter((name) => name !== '__metadata__').map((name) => [name, shard]),
      ),
    };
    const [config, mutatedIndex] = [mutatedJson(read('config.json')), mutatedJson(index)];
    await fc.assert(
      fc.asyncProperty(config, mutatedIndex, fc.boolean(), async (a, b, both) => {
        write('sharded/config.json', a);
        write('sharded/model.safetensors.index.json', both ? b : JSON.stringify(index));
        await inspects(file('sharded'));
      }),
      parameters,
    );
  });

  it('its weights', async () => {
    const rest = weights.subarray(8 + header.byteLength);
    const rewritten = mutatedJson(JSON.parse(header.toString())).map((text) => {
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
      return Buffer.concat([length, Buffer.from(text), rest]);
    });
    const damaged = mutatedBytes(weights, 8 + header.byteLength);
    await fc.assert(
      fc.asyncProperty(fc.oneof(rewritten, damaged), async (bytes) => {
        await inspects(write('damaged.safetensors', bytes));
      }),
      parameters,
    );
  });

  it('its tokenizer', () => {
    const [json, config] = [read('tokenizer.json'), read('tokenizer_config.json')];
    fc.assert(
      fc.property(mutatedJson(json), mutatedJson(config), fc.boolean(), (a, b, both) => {
        try {
          const tokenizer = createTokenizer(JSON.parse(a), both ? JSON.parse(b) : config);
          tokenizer.decode(tokenizer.encode('abc 123'));
        } catch (error) {
          if (!isAlphaLoraError(error) && !(error instanceof SyntaxError)) throw error;
        }
      }),
      parameters,
    );
  });

  it('the configuration of an adapter', async () => {
    mkdirSync(file('adapter'));
    const factor = (part: string, shape: number[]) => ({
      name: `base_model.model.model.layers.0.self_attn.q_proj.${part}.weight`,
      shape,
      dtype: 'F32' as const,
      bytes: encodeValues(new Float32Array(48).fill(0.5), 'F32'),
    });
    const tensors = [factor('lora_A', [2, 24]), factor('lora_B', [24, 2])];
    write('adapter/adapter_model.safetensors', Buffer.concat(serializeSafetensors({ tensors })));
    const config = {
      peft_type: 'LORA',
      r: 2,
      lora_alpha: 4,
      target_modules: ['q_proj'],
      bias: 'none',
      rank_pattern: { q_proj: 2 },
      alpha_pattern: { '.*q_proj': 4 },
      use_rslora: false,
    };
    await fc.assert(
      fc.asyncProperty(mutatedJson(config), async (text) => {
        write('adapter/adapter_config.json', text);
        await alphalora('inspect', file('adapter'));
        await alphalora('inspect', folder, '--adapter', file('adapter'));
      }),
      parameters,
    );
  });
});
