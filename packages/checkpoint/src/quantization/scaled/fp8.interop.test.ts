/** FP8 as transformers dequantizes it, bit for bit. */
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { beforeAll, it } from 'vitest';
import { expectDequantized, pythonSave } from '../../test-support/dequantized-models.js';

const folder = temporaryFolder('fp8');

const program = `${pythonSave}
from transformers.integrations.finegrained_fp8 import Fp8Dequantize
one = Fp8Dequantize(None)._dequantize_one
torch.manual_seed(0)

def codes(shape, dtype):
    """Any bytes but those of no number: all exponents, subnormals and zeros of both signs."""
    c = torch.randint(0, 256, shape, dtype=torch.uint8).view(dtype)
    return torch.where(torch.isfinite(c.float()), c.float(), 0.0).to(dtype)

def scales(shape, dtype): return (torch.randn(shape).abs() * 1e-3).to(dtype)

e4m3, e5m2 = torch.float8_e4m3fn, torch.float8_e5m2
layers = {}
def layer(kind, shape, scale, dtype=e4m3, suffix='_scale_inv', name='weight', out=None):
    w = codes(shape, dtype)
    n = f'model.layers.{len(layers) // 2}.mlp.{kind}.{name}'
    at = n.rsplit('.', 1)[0] + '.' + suffix[1:] if suffix[0] == '.' else n + suffix
    layers[n], layers[at] = w, scale
    grid = scale.reshape(*scale.shape, *[1] * (len(shape) - scale.dim())) if scale.dim() else scale.reshape([1] * len(shape))
    return n, one(w, grid, output_dtype=out)

for config, out in [({}, None), ({'torch_dtype': 'bfloat16'}, torch.bfloat16), ({'dtype': 'float16'}, torch.float16), ({'text_config': {'dtype': 'bfloat16'}}, torch.bfloat16)]:
    layers.clear()
    expected = dict([
        layer('blocks', (256, 384), scales((2, 3), torch.float32), out=out),
        layer('halves', (256, 384), scales((2, 3), torch.bfloat16), out=out),
        layer('wide', (128, 256), scales((1, 2), torch.float16), e5m2, out=out),
        layer('rows', (96, 300), scales((96, 1), torch.float32), suffix='_scale', out=out),
        layer('vector', (96, 300), scales((96,), torch.bfloat16), suffix='_scale', out=out),
        layer('one', (33, 65), scales((), torch.float32), suffix='_scale', out=out),
        layer('scalar', (33, 65), scales((1,), torch.float32), suffix='.qscale_weight', out=out),
        layer('comfy', (33, 65), scales((1, 1), torch.float32), suffix='.scale_weight', out=out),
        layer('small', (64, 96), scales((64, 3), torch.float32), suffix='_scale', out=out),
        layer('columns', (64, 96), scales((1, 96), torch.float32), suffix='_scale', out=out),
        layer('experts', (3, 128, 256), scales((3, 1, 2), torch.float32), name='gate_up_proj', out=out),
        layer('experts', (3, 40, 60), scales((3, 1, 60), torch.float32), suffix='_scale', name='down_proj', out=out),
        layer('experts', (3, 40, 60), scales((3,), torch.float32), suffix='_scale', name='w2', out=out),
    ])
    save(f'model-{out}-{len(config)}-{"text_config" in config}', layers, expected, config)
`;

describeUnless(
  pythonLacks('torch', 'transformers', 'safetensors'),
  'the Python packages transformers and torch',
  () => {
    beforeAll(() => runPython(program, { args: [folder] }), 120_000);

    it.each([
      'model-None-0-False',
      'model-torch.bfloat16-1-False',
      'model-torch.float16-1-False',
      'model-torch.bfloat16-1-True',
    ])('%s', (name) => expectDequantized(folder, name));
  },
);
