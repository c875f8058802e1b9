/** A cast gives the values that a model has that PyTorch loads in that type, bit for bit. */

import { seededRandom } from '@alphalora/contracts/numbers';
import type { CastType } from '@alphalora/contracts/weights';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { modelOf } from '../test-support/adapters.js';

const program = `
import base64, torch
def answer(given):
    stored, cast, text = given
    values = torch.frombuffer(bytearray(base64.b64decode(text)), dtype=getattr(torch, stored))
    cast = values.to(getattr(torch, cast))
    return base64.b64encode(cast.view(torch.int16).numpy().tobytes()).decode()
`;

const COUNT = 1 << 17;

/** Of all magnitudes below the largest half, subnormals too; one in four halfway between two halves. */
function numbers(): Float64Array {
  const random = seededRandom(1, 'cast');
  return Float64Array.from({ length: COUNT }, (_, i) => {
    const exponent = Math.floor(random() * 44) - 29;
    const value = (1 + random()) * 2 ** exponent * (random() < 0.5 ? -1 : 1);
    const step = 2 ** (Math.max(exponent, -14) - 11);
    return i % 4 === 0 ? Math.round(value / step) * step : value;
  }).map((value) => Math.sign(value) * Math.min(Math.abs(value), 65519));
}

describeUnless(pythonLacks('torch', 'numpy'), 'a cast against torch', () => {
  const ask = startPython<[stored: string, cast: string, values: string], string>(program);

  it.each<['F32' | 'F64' | 'BF16', string, CastType]>([
    ['F32', 'float32', 'float16'],
    ['F64', 'float64', 'float16'],
    ['BF16', 'bfloat16', 'float16'],
    ['F32', 'float32', 'bfloat16'],
    ['F64', 'float64', 'bfloat16'],
  ])('from %s (%s) to %s', async (dtype, stored, cast) => {
    const wide = numbers();
    const single = Float32Array.from(wide);
    const upper = Uint16Array.from(new Uint32Array(single.buffer), (bits) => bits >>> 16);
    const source = { F32: single, F64: wide, BF16: upper }[dtype];
    const bytes = new Uint8Array(source.buffer);
    const { tensors } = await modelOf([{ name: 'w', dtype, shape: [COUNT], bytes }], { cast });
    const found = new Uint8Array(2 * COUNT);
    await tensors[0]!.readInto!(found, 0);
    const expected = await ask([stored, cast, Buffer.from(bytes).toString('base64')]);
    expect(Buffer.from(found).toString('base64') === expected).toBe(true);
  });
});
