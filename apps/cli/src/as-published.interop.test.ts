/**
 * `--as-published` against the algorithm of the released AlphaLoRA (arXiv 2410.10054), written anew for numpy
 * in the arithmetic that the script has: weights rounded to float16, then singular values, histogram, exponents
 * and distances in float32; experts in float64. Ours are float64 behind the cast.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Allocation, AnalysedRow, Analysis } from '@alphalora/contracts';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { miniLm, miniLmLacks, smolLm2, smolLm2Lacks } from '@alphalora/testing/models';
import { programIn } from '@alphalora/testing/program';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';

const program = `
import numpy
f32 = numpy.float32

def weights(path):
    if path.endswith('.gguf'):
        from gguf import GGUFReader, dequantize
        roles = dict(attn_q='self_attn.q_proj', attn_k='self_attn.k_proj', attn_v='self_attn.v_proj',
            attn_output='self_attn.o_proj', ffn_gate='mlp.gate_proj', ffn_up='mlp.up_proj', ffn_down='mlp.down_proj')
        for tensor in GGUFReader(path).tensors:
            block, _, role = tensor.name.removeprefix('blk.').removesuffix('.weight').partition('.')
            if role in roles: yield f'model.layers.{block}.{roles[role]}.weight', dequantize(tensor.data, tensor.tensor_type)
    else:
        from safetensors import safe_open
        with safe_open(path, 'numpy') as file:
            for name in file.keys(): yield name, file.get_tensor(name)

def exponent(weight):
    half = weight.astype(f32).astype(numpy.float16).astype(f32)
    values = numpy.sort(numpy.linalg.svd(half, compute_uv=False) ** 2)
    count, logs, tens = len(values), numpy.log(values), numpy.log10(values)
    counts, _ = numpy.histogram(tens, 100, (tens[0], tens[-1]))
    peak = f32(10) ** numpy.linspace(tens[0], tens[-1], 101, dtype=f32)[counts.argmax()]
    best, alpha = f32(1), f32(0)
    for cut in range(count - 1):
        # The lower bound is a logarithm, as it is there.
        if values[cut] < numpy.log10(f32(0.95) * peak): continue
        if values[cut] > f32(1.5) * peak: break
        tail = f32(count - cut)
        here = 1 + tail / (logs[cut:].sum() - tail * logs[cut])
        if here <= 1: continue
        below = 1 - (values[cut:] / values[cut]) ** (1 - here)
        distance = numpy.abs(below - numpy.arange(count - cut, dtype=f32) / tail).max()
        if distance < best: best, alpha = distance, here
    return float(alpha)

def answer(given):
    path, blocks, total = given
    asked = {name for block in blocks for name in block}
    alphas = {name: exponent(weight) for name, weight in weights(path) if name in asked}
    scores = numpy.array([float(numpy.mean([alphas[name] for name in block], dtype=f32)) for block in blocks]) ** 2.5
    experts = numpy.round(scores / scores.sum() * total).astype(int)
    while experts.sum() < total: experts[(scores - experts).argmin()] += 1
    while experts.sum() > total: experts[(scores - experts).argmax()] -= 1
    return [alphas, experts.tolist()]
`;

const folder = temporaryFolder('as-published');
const { alphalora } = programIn(folder);
const quick = ['--metrics', 'none', '--draws', '0'];
const lack = pythonLacks('numpy', 'safetensors', 'gguf');

/** Threads of a library of linear algebra wait for one another where others work, too. */
const env = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
const timeout = 600_000;

describeUnless(lack, 'as published, against numpy', () => {
  const ask = startPython<
    [file: string, blocks: string[][], total: number],
    [alphas: Record<string, number>, experts: number[]]
  >(program, { env });

  async function expectEqual(model: string, file = join(model, 'model.safetensors')) {
    const name = `${basename(model)}.json`;
    const measured = ['analyze', model, '--as-published', ...quick, '-o', name];
    const { code, stderr } = await alphalora(...measured);
    expect(code, stderr).toBe(0);
    const { matrices, blocks } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Analysis;
    const rows = matrices.filter(
      (row): row is AnalysedRow => row.status === 'ok' && row.block !== undefined,
    );
    const names = blocks.map(({ index }) =>
      rows.filter(({ block }) => block === index).map((row) => row.name),
    );
    const total = 5 * blocks.length;
    const [alphas, experts] = await ask([file, names, total]);
    expect(Object.keys(alphas)).toHaveLength(rows.length);
    const off = rows.map((row) => Math.abs(row.alpha / alphas[row.name]! - 1));
    // Float32: sums of up to 768 logarithms, less as many times the first; at most 6e-6 was seen.
    expect(Math.max(...off)).toBeLessThan(2e-5);
    const allocated = await alphalora('allocate', name, '--as-published', '--json');
    const allocation = JSON.parse(allocated.stdout) as Allocation;
    expect(allocation.experts).toEqual(experts);
    expect(allocation.budget.total).toBe(total);
  }

  describeUnless(sharedLacks('data'), 'small models', () => {
    it.each(['stories260K', 'babyllama-tok361', 'gpt2-small-attention'])(
      '%s',
      (model) => expectEqual(shared(`data/${model}`)),
      timeout,
    );
  });

  describeUnless(miniLmLacks, 'a model of sentences', () => {
    it('all-MiniLM-L6-v2', () => expectEqual(miniLm), timeout);
  });

  describeUnless(smolLm2Lacks, 'a quantized model', () => {
    it('SmolLM2-135M', () => expectEqual(smolLm2, smolLm2), timeout);
  });
});
