/** The order of what compression tells; its numbers are held against numpy in the interop test. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeValues, serializeSafetensors } from '@alphalora/checkpoint';
import { openAdapter } from '@alphalora/checkpoint/node';
import { temporaryFolder } from '@alphalora/testing/folders';
import { expect, it } from 'vitest';
import { compressAdapter } from './compress.js';

const root = temporaryFolder('compress-order');

it('lists layers by their numbers', async () => {
  const folder = join(root, 'lora');
  mkdirSync(folder);
  const tensors = ['0', '1', '10', '11', '2'].flatMap((layer) =>
    ['lora_A', 'lora_B'].map((factor) => ({
      name: `base_model.model.model.layers.${layer}.self_attn.q_proj.${factor}.weight`,
      dtype: 'F32' as const,
      shape: [1, 1],
      bytes: encodeValues(Float32Array.of(Number(layer) + 1), 'F32'),
    })),
  );
  writeFileSync(
    join(folder, 'adapter_model.safetensors'),
    Buffer.concat(serializeSafetensors({ tensors })),
  );
  const config = { peft_type: 'LORA', r: 1, lora_alpha: 1 };
  writeFileSync(join(folder, 'adapter_config.json'), JSON.stringify(config));
  const adapter = await openAdapter(folder);
  const { modules } = await compressAdapter(adapter, { rank: 1 });
  await adapter.close();
  expect(modules.map(({ module, rank }) => [module.split('.').at(-3), rank])).toEqual([
    ...[
      ['0', 1],
      ['1', 1],
      ['2', 1],
      ['10', 1],
      ['11', 1],
    ],
  ]);
});
