import { describe, expect, it } from 'vitest';
import type { TensorData } from '../../formats/safetensors/serialize.js';
import { matrix, modelOf, vector } from '../../test-support/adapters.js';

const up = 'model.layers.0.mlp.up_proj';
const codes: TensorData = {
  name: `${up}.weight`,
  dtype: 'I8',
  shape: [2, 3],
  bytes: Uint8Array.from([-127, -1, 0, 1, 64, 127]),
};
const format = (value: number): TensorData => ({
  name: `${up}.weight_format`,
  dtype: 'U8',
  shape: [],
  bytes: Uint8Array.of(value),
});

describe('int8 of bitsandbytes', () => {
  it('reads codes that lie in rows', async () => {
    const { tensors } = await modelOf([codes, vector(`${up}.SCB`, [127, 254]), format(0)]);
    const weight = tensors.find(({ name }) => name === `${up}.weight`)!;
    expect(weight).toMatchObject({ dtype: 'F32', kind: 'projection' });
    const values = await weight.read();
    for (const [i, value] of [-127, -1, 0, 2, 128, 254].entries()) {
      expect(values[i]).toBeCloseTo(value, 4);
    }
    expect(tensors.filter(({ kind }) => kind === 'other')).toHaveLength(2);
  });

  it('names what to do with codes in the tiles of a GPU', async () => {
    const { tensors } = await modelOf([codes, vector(`${up}.SCB`, [1, 1]), format(2)]);
    const weight = tensors.find(({ name }) => name === `${up}.weight`)!;
    await expect(weight.read()).rejects.toMatchObject({
      code: 'UNSUPPORTED_CHECKPOINT',
      message: expect.stringMatching(/weight_format: its codes lie in the tiles .*save the model/),
    });
  });

  it('names scales of other rows', async () => {
    const { tensors } = await modelOf([codes, vector(`${up}.SCB`, [1, 1, 1])]);
    expect(tensors.find(({ name }) => name === `${up}.weight`)!.unreadable).toMatch(
      /^"SCB" of F32 \[3\] does not fit codes of I8 \[/,
    );
  });
});

it('names zero points that are not one beside each scale', async () => {
  const { tensors } = await modelOf([
    codes,
    matrix(`${up}.weight_scale`, [[1], [1]]),
    matrix(`${up}.weight_zero_point`, [[1, 2]]),
  ]);
  expect(tensors.find(({ name }) => name === `${up}.weight`)!.unreadable).toMatch(
    /^"weight_zero_point" of F32 \[1,2\] does not fit codes of I8 \[/,
  );
});
