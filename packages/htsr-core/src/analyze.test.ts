import { AlphaLoraError, type AnalysedRow } from '@alphalora/contracts';
import type { SpectralEngine } from '@alphalora/contracts/extensions';
import type { DType, Matrix, WeightTensor } from '@alphalora/contracts/weights';
import { describe, expect, it } from 'vitest';
import { type AnalyzeOptions, analyze } from './analyze.js';
import { createReferenceEngine } from './engines/ml-matrix.js';
import { ks } from './estimators/ks.js';
import { weightFromValues } from './values.js';

const options: AnalyzeOptions = {
  engine: createReferenceEngine(),
  tool: { name: 'test', version: '0' },
  model: { source: 'memory', blocks: 0 },
};

/** A diagonal matrix: its singular values are the given ones. */
function diagonal(name: string, values: number[], extra: Partial<WeightTensor> = {}): WeightTensor {
  const size = values.length;
  const dense = new Float64Array(size * size);
  for (const [i, value] of values.entries()) dense[i * size + i] = value;
  return weightFromValues({ name, shape: [size, size], values: dense, ...extra });
}

/** Ten singular values. */
const powers = (base: number): number[] => Array.from({ length: 10 }, (_, i) => base ** i);

describe('analyze', () => {
  it('fits, aggregates and counts', async () => {
    const analysis = await analyze(
      [
        diagonal('a', powers(2), { block: 0, role: 'q_proj' }),
        diagonal('b', powers(Math.SQRT2), { block: 0, role: 'k_proj' }),
        diagonal('c', powers(2), { block: 2, role: 'q_proj' }),
      ],
      options,
    );
    expect(analysis.options).toMatchObject({ estimator: 'hill', tailShare: 0.25 });
    const alphas = analysis.matrices.map((row) => (row as AnalysedRow).alpha);
    // A quarter would be three, too few for a fit that counts. Tails of five eigenvalues: 4^5 to 4^9, 1 + 5 / ((1 + 2 + 3 + 4) ln 4); and 2^5 to 2^9.
    expect(alphas[0]).toBeCloseTo(1 + 1 / (2 * Math.log(4)), 12);
    expect(alphas[1]).toBeCloseTo(1 + 1 / (2 * Math.log(2)), 12);
    expect(analysis.model.blocks).toBe(3);
    expect(analysis.blocks[0]).toMatchObject({ index: 0, matrices: 2 });
    // 1 + the geometric mean of 1 / (4 ln 2) and 1 / (2 ln 2).
    expect(analysis.blocks[0]!.alpha).toBeCloseTo(1 + 1 / (Math.SQRT2 * Math.log(4)), 12);
    expect(analysis.blocks[1]).toEqual({ index: 1, matrices: 0 });
    expect((analysis.matrices[0] as AnalysedRow).precision).toBe('f64');
  });

  it('takes the mean of a block for estimators other than hill, unless told', async () => {
    const block = { block: 0, role: 'q_proj' };
    const weights = [diagonal('a', powers(2), block), diagonal('b', powers(3), block)];
    const {
      matrices,
      blocks,
      options: record,
    } = await analyze(weights, { ...options, estimator: ks });
    const [a, b] = matrices.map((row) => (row as AnalysedRow).alpha) as [number, number];
    expect(record).toMatchObject({ estimator: 'ks', aggregate: 'mean' });
    expect(record).not.toHaveProperty('tailShare');
    expect(blocks[0]!.alpha).toBeCloseTo((a + b) / 2, 12);
    const told = await analyze(weights, { ...options, aggregate: 'mean' });
    expect(told.options.aggregate).toBe('mean');
  });

  it('writes down in what weights are quantized', async () => {
    const quantization = 'FP8, one scale';
    const { matrices } = await analyze([diagonal('a', powers(2), { quantization })], options);
    expect(matrices[0]).toMatchObject({ status: 'ok', quantization });
  });

  it('skips weights that cannot be read, and says so where there are no others', async () => {
    const unreadable = 'AQLM codebooks: measure the original checkpoint';
    const codes = diagonal('codes', [1, 2], { unreadable, quantization: 'AQLM codebooks' });
    const { matrices } = await analyze([codes, diagonal('a', powers(2))], options);
    expect(matrices[0]).toMatchObject({
      status: 'skipped',
      reason: unreadable,
      quantization: 'AQLM codebooks',
    });
    await expect(analyze([codes, codes], options)).rejects.toMatchObject({
      code: 'NO_SPECTRUM',
      message: `there is nothing to measure: all projections (2) are quantized in a way that is not read: ${unreadable}`,
    });
  });

  it('says so where all projections hold integers', async () => {
    const packed = (name: string, dtype: DType): WeightTensor => ({
      ...diagonal(name, [1, 2]),
      dtype,
    });
    const others = [
      diagonal('embed', powers(2), { kind: 'embedding' }),
      diagonal('mask', [1, 2], { kind: 'other', dtype: 'U8' }),
      diagonal('rotations', [1, 2], { kind: 'other', unreadable: 'complex numbers' }),
    ];
    const weights = [packed('q', 'I8'), packed('k', 'I8'), packed('v', 'I32'), ...others];
    const fix =
      'quantized in a way that is not known: measure the original checkpoint, or convert it to BF16 with the program that made it';
    await expect(analyze(weights, options)).rejects.toMatchObject({
      code: 'NO_SPECTRUM',
      message: `there is nothing to measure: all projections (3) are quantized in a way that is not read: integers of type I8, ${fix}; integers of type I32, ${fix}`,
    });
    // Of a model without projections there is nothing to say.
    expect((await analyze(others, options)).matrices).toHaveLength(3);
    const { matrices } = await analyze([...weights, diagonal('a', powers(2))], options);
    expect(matrices.map(({ status }) => status)).toEqual([...Array(6).fill('skipped'), 'ok']);
  });

  it('keeps failures and omissions as rows with reasons', async () => {
    const empty = weightFromValues({ name: 'e', shape: [0, 4], values: new Float32Array(0) });
    const vector = weightFromValues({ name: 'v', shape: [2], values: new Float32Array(2) });
    const packed: WeightTensor = { ...diagonal('p', [1, 2]), dtype: 'I32' };
    const analysis = await analyze(
      [
        diagonal('nan', [1, Number.NaN, 2]),
        diagonal('inf', [1, Number.POSITIVE_INFINITY]),
        diagonal('zero', [0, 0, 0]),
        diagonal('one', [3, 0, 0]),
        vector,
        empty,
        packed,
        diagonal('embed', [1, 2], { kind: 'embedding' }),
        diagonal('table', [1, 2], { kind: 'other', notMatrix: 'a table of positions' }),
      ],
      options,
    );
    expect(analysis.matrices.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'nan failed',
      'inf failed',
      'zero failed',
      'one failed',
      'v skipped',
      'e skipped',
      'p skipped',
      'embed skipped',
      'table skipped',
    ]);
    expect(analysis.matrices.map((row) => ('reason' in row ? row.reason : ''))).toEqual([
      'contains NaN',
      'contains infinity',
      'all values are zero',
      'has rank one: a tail needs at least two eigenvalues',
      'not a matrix',
      'has no elements',
      'integers of type I32, quantized in a way that is not known: measure the original checkpoint, or convert it to BF16 with the program that made it',
      'an embedding, not a projection of a block',
      'a table of positions',
    ]);
  });

  it('keeps a reason without the file and the weight, which the document names elsewhere', async () => {
    const failing = (error: AlphaLoraError): WeightTensor => ({
      ...diagonal('layers.0.q', [1, 2]),
      read: () => Promise.reject(error),
    });
    const file = 'models/someone/a.safetensors';
    const details = { file, tensor: 'layers.0.q' };
    const { matrices } = await analyze(
      [
        failing(
          new AlphaLoraError(
            'UNSUPPORTED_CHECKPOINT',
            `${file}: tensor "layers.0.q": its codes: none`,
            {
              details,
            },
          ),
        ),
        failing(new AlphaLoraError('NO_SPECTRUM', 'layers.0.q: too small')),
      ],
      options,
    );
    expect(matrices).toMatchObject([
      { status: 'failed', reason: 'its codes: none' },
      { status: 'failed', reason: 'too small' },
    ]);
  });

  it('lets the caller choose', async () => {
    const weights = [diagonal('embed', [1, 2, 4], { kind: 'embedding' }), diagonal('q', [1, 2, 4])];
    const select: AnalyzeOptions['select'] = ({ name }) => (name === 'q' ? 'not wanted' : true);
    const { matrices } = await analyze(weights, { ...options, select });
    expect(matrices.map((row) => row.status)).toEqual(['ok', 'skipped']);
  });

  it('skips what is the same as in the base', async () => {
    const zero = weightFromValues({ name: 'q', shape: [2, 2], values: new Float32Array(4) });
    const { matrices } = await analyze([{ ...zero, base: 'model.q' }, zero], options);
    expect(matrices).toMatchObject([
      { status: 'skipped', reason: 'the same as in the base: their difference is zero' },
      { status: 'failed', reason: 'all values are zero' },
    ]);
    expect(matrices[0]).toHaveProperty('base', 'model.q');
  });

  it('pools the spectra of a convolution over its kernel positions', async () => {
    // [out 2, in 2, kernel 2]: diag(1, 2) at position 0 and diag(4, 8) at position 1.
    const values = Float32Array.of(1, 4, 0, 0, 0, 0, 2, 8);
    const { matrices } = await analyze(
      [weightFromValues({ name: 'conv', shape: [2, 2, 2], values })],
      options,
    );
    const [row] = matrices as [AnalysedRow];
    expect(row.metrics['norm']).toBeCloseTo(1 + 4 + 16 + 64, 10);
    expect(row.metrics['num_evals']).toBe(4);
    // Of fewer than five, all are the tail.
    expect(row.xmin).toBeCloseTo(1, 10);
  });

  it('gives every stacked expert its own row', async () => {
    const values = Float32Array.of(...[1, 0, 0, 0, 2, 0, 0, 0, 3], ...[9, 0, 0, 0, 5, 0, 0, 0, 1]);
    const { matrices } = await analyze(
      [weightFromValues({ name: 'experts', shape: [2, 3, 3], values, stacked: true })],
      options,
    );
    expect(matrices.map((row) => row.name)).toEqual(['experts[0]', 'experts[1]']);
    expect((matrices[1] as AnalysedRow).metrics['spectral_norm']).toBeCloseTo(81, 10);
  });

  it('measures the largest first, several at a time, and keeps the order of the rows', async () => {
    const order: string[] = [];
    let running = 0;
    let most = 0;
    const reference = createReferenceEngine();
    const engine: SpectralEngine = {
      name: 'counting',
      concurrency: 2,
      async singularValues(matrix: Matrix, given) {
        order.push(matrix.name);
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        // An engine may say more than once that it is through with a pass.
        for (const part of [0.5, 1, 1]) given?.onProgress?.(part);
        running--;
        return reference.singularValues(matrix, given);
      },
    };
    const reports: number[] = [];
    let finished = 0;
    const analysis = await analyze(
      [diagonal('s', [1, 2]), diagonal('l', [1, 2, 3, 4]), diagonal('m', [1, 2, 3])],
      {
        ...options,
        engine,
        onProgress: (progress) => {
          reports.push(progress.done / progress.total);
          finished = progress.finished;
        },
      },
    );
    expect(order).toEqual(['l', 'm', 's']);
    expect(most).toBe(2);
    expect(analysis.matrices.map((row) => row.name)).toEqual(['s', 'l', 'm']);
    expect(reports.at(-1)).toBeCloseTo(1, 12);
    expect(finished).toBe(3);
    expect(reports).toEqual(reports.toSorted((a, b) => a - b));
  });

  it('stops at an abort, and at the first error of a reader', async () => {
    const controller = new AbortController();
    let calls = 0;
    const engine: SpectralEngine = {
      name: 'aborting',
      async singularValues() {
        calls++;
        controller.abort(new Error('enough'));
        return Float64Array.of(2, 1);
      },
    };
    const weights = [diagonal('a', [1, 2]), diagonal('b', [1, 2])];
    await expect(
      analyze(weights, { ...options, engine, signal: controller.signal }),
    ).rejects.toThrow('enough');
    expect(calls).toBe(1);

    const broken: WeightTensor = {
      ...diagonal('broken', [1, 2]),
      read: async () => {
        throw new AlphaLoraError('IO_FAILED', 'disk gone');
      },
    };
    await expect(analyze([broken], options)).rejects.toThrow('disk gone');
  });
});
