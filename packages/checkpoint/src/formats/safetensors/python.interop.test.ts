/** Files go both ways between this package and the reference implementation, value for value. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DType } from '@alphalora/contracts/weights';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { openCheckpoint } from '../../node/index.js';
import { joined } from '../../test-support/files.js';
import { decodeValues } from '../../values/decode.js';
import { encodeValues } from '../../values/encode.js';
import { serializeSafetensors, type TensorData } from './serialize.js';

const lack = pythonLacks('numpy', 'safetensors');
const folder = temporaryFolder('interop');
const run = (program: string): string => runPython(program, { cwd: folder });

describeUnless(lack, 'the Python package safetensors', () => {
  it('reads what we write', async () => {
    const values = Float32Array.from({ length: 24 }, (_, i) => (i - 12) / 3);
    const tensor = (name: string, dtype: 'F64' | 'F32' | 'F16', shape: number[]): TensorData => ({
      name,
      dtype,
      shape,
      bytes: encodeValues(
        values.subarray(
          0,
          shape.reduce((a, b) => a * b, 1),
        ),
        dtype,
      ),
    });
    const tensors = [
      tensor('half', 'F16', [3, 2]),
      tensor('wide', 'F64', [2, 3, 4]),
      tensor('0', 'F32', [5]),
      tensor('scalar', 'F32', []),
      tensor('empty', 'F16', [0, 3]),
      tensor('ü"\\\n', 'F32', [1]),
      { name: 'flags', dtype: 'BOOL', shape: [2], bytes: Uint8Array.of(0, 1) },
      { name: 'long', dtype: 'I64', shape: [1], bytes: new Uint8Array(8).fill(255) },
    ] satisfies TensorData[];
    const bytes = joined(serializeSafetensors({ tensors, metadata: { format: 'pt', ä: '"' } }));
    await writeFile(join(folder, 'ours.safetensors'), bytes);
    const seen = JSON.parse(
      run(`
import json, safetensors
with safetensors.safe_open('ours.safetensors', 'numpy') as f:
  rows = {k: [f.get_tensor(k).dtype.name, list(f.get_tensor(k).shape), f.get_tensor(k).tolist()] for k in f.keys()}
  print(json.dumps([f.metadata(), rows]))
`),
    );
    const list = (count: number, digits = (value: number) => value) =>
      Array.from(values.subarray(0, count), digits);
    // -4, -11/3, ... in half precision, by hand: 10 bits after the leading one.
    const half = (value: number) => Math.round(value * 2 ** 9) / 2 ** 9;
    expect(seen[0]).toEqual({ format: 'pt', ä: '"' });
    expect(seen[1]).toEqual({
      half: ['float16', [3, 2], [list(2, half), list(4, half).slice(2), list(6, half).slice(4)]],
      wide: ['float64', [2, 3, 4], expect.anything()],
      '0': ['float32', [5], list(5)],
      scalar: ['float32', [], -4],
      empty: ['float16', [0, 3], []],
      'ü"\\\n': ['float32', [1], [-4]],
      flags: ['bool', [2], [false, true]],
      long: ['int64', [1], [-1]],
    });
    expect(seen[1].wide[2].flat(2)).toEqual([...values]);
  });

  it('writes what we read', async () => {
    const expected = JSON.parse(
      run(`
import json, numpy, safetensors.numpy
rng = numpy.random.default_rng(0)
tensors = {d: (rng.standard_normal((3, 4)) * 50).astype(d) for d in
  ['float64', 'float32', 'float16', 'int64', 'int32', 'int16', 'int8']}
for d in ['uint64', 'uint32', 'uint16', 'uint8', 'bool']: tensors[d] = rng.integers(0, 200, (2, 2)).astype(d)
tensors['scalar'] = numpy.array(2.5)
tensors['empty'] = numpy.zeros((2, 0), 'float32')
tensors['model.layers.1.mlp.up_proj.weight'] = numpy.arange(6, dtype='float32').reshape(2, 3)
safetensors.numpy.save_file(tensors, 'theirs.safetensors', metadata={'a': 'b'})
print(json.dumps({k: [list(v.shape), v.astype('float64').ravel().tolist()] for k, v in tensors.items()}))
`),
    );
    const checkpoint = await openCheckpoint(join(folder, 'theirs.safetensors'));
    expect(checkpoint.metadata).toEqual({ a: 'b' });
    const read = await Promise.all(
      checkpoint.tensors.map(async ({ name, shape, read }) => [name, [shape, [...(await read())]]]),
    );
    expect(Object.fromEntries(read)).toEqual(expected);
    await checkpoint.close();
  });

  it('lays out a file as we do, byte for byte', async () => {
    run(`
import numpy, safetensors.numpy
safetensors.numpy.save_file({'b': numpy.float16([1, 2]), 'a': numpy.float16([3]), 'c': numpy.float64([4])}, 'layout.safetensors', metadata={'k': 'v'})
`);
    const encode = (values: number[], dtype: 'F16' | 'F64') => ({
      dtype,
      shape: [values.length],
      bytes: encodeValues(Float32Array.from(values), dtype),
    });
    const tensors = [
      { name: 'b', ...encode([1, 2], 'F16') },
      { name: 'a', ...encode([3], 'F16') },
      { name: 'c', ...encode([4], 'F64') },
    ];
    const ours = joined(serializeSafetensors({ tensors, metadata: { k: 'v' } }));
    expect(Buffer.from(ours)).toEqual(await readFile(join(folder, 'layout.safetensors')));
  });
});

describeUnless(lack ?? pythonLacks('ml_dtypes'), 'numpy and ml_dtypes', () => {
  it.each<[DType, string, number]>([
    ['F16', 'numpy.float16', 2],
    ['BF16', 'ml_dtypes.bfloat16', 2],
    ['F8_E4M3', 'ml_dtypes.float8_e4m3fn', 1],
    ['F8_E5M2', 'ml_dtypes.float8_e5m2', 1],
    ['F8_E4M3FNUZ', 'ml_dtypes.float8_e4m3fnuz', 1],
    ['F8_E5M2FNUZ', 'ml_dtypes.float8_e5m2fnuz', 1],
    ['F8_E8M0', 'ml_dtypes.float8_e8m0fnu', 1],
  ])('decode all values of %s to the same', async (dtype, type, size) => {
    run(`
import numpy, ml_dtypes
codes = numpy.arange(256 ** ${size}, dtype='<u${size}')
codes.view(${type}).astype('<f4').tofile('values.bin')
`);
    const expected = new Float32Array(
      new Uint8Array(await readFile(join(folder, 'values.bin'))).buffer,
    );
    const codes = Array.from({ length: 256 ** size }, (_, code) => code);
    const stored = size === 1 ? Uint8Array.from(codes) : Uint16Array.from(codes);
    expect(decodeValues(new Uint8Array(stored.buffer), dtype)).toEqual(expected);
  });

  it('decode floats of four bits, two to a byte, to the same', async () => {
    run(`
import numpy, ml_dtypes
bytes = numpy.arange(256, dtype='u1')
pairs = numpy.stack([bytes & 15, bytes >> 4], axis=1)
pairs.view(ml_dtypes.float4_e2m1fn).astype('<f4').tofile('values.bin')
`);
    const expected = new Float32Array(
      new Uint8Array(await readFile(join(folder, 'values.bin'))).buffer,
    );
    expect(
      decodeValues(
        Uint8Array.from({ length: 256 }, (_, byte) => byte),
        'F4',
      ),
    ).toEqual(expected);
  });

  it.each<['F16' | 'BF16', string]>([
    ['F16', 'numpy.float16'],
    ['BF16', 'ml_dtypes.bfloat16'],
  ])('round to %s as we do', async (dtype, type) => {
    // Random bit patterns, and neighbours of the midpoints between two results.
    run(`
import numpy, ml_dtypes
rng = numpy.random.default_rng(1)
bits = rng.integers(0, 2 ** 32, 300000, dtype='u4')
bits[:100000] &= 0xffff0000
bits[:100000] |= numpy.uint32(0x8000) + rng.integers(-2, 3, 100000).astype('u4')
bits[100000:200000] = (rng.integers(0, 2 ** 19, 100000, dtype='u4') << 13) + numpy.uint32(0x1000) + rng.integers(-2, 3, 100000).astype('u4')
values = bits.view('f4')
values = values[~numpy.isnan(values)]
values.tofile('floats.bin')
with numpy.errstate(over='ignore'): values.astype(${type}).view('<u2').tofile('rounded.bin')
`);
    const values = new Float32Array(
      new Uint8Array(await readFile(join(folder, 'floats.bin'))).buffer,
    );
    const rounded = await readFile(join(folder, 'rounded.bin'));
    expect(values.length).toBeGreaterThan(290_000);
    expect(Buffer.from(encodeValues(values, dtype)).equals(rounded)).toBe(true);
  });
});
