/** Codes of 8 and 4 bits as the programs that write them dequantize them, bit for bit. */
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { beforeAll, it } from 'vitest';
import { expectDequantized, pythonSave } from '../../test-support/dequantized-models.js';

const folder = temporaryFolder('scaled');

/** Weights of a decaying spectrum, one of them with huge and tiny elements. */
const weights = `${pythonSave}
torch.manual_seed(0)
def weights(dtype, *shapes):
    made = [torch.randn(shape) * torch.arange(1, shape[-1] + 1) ** -0.3 * 0.02 for shape in shapes]
    made[0][0] *= 1e4
    made[0][1] *= 1e-30
    return {f'model.layers.{i}.mlp.up_proj.weight': w.to(dtype) for i, w in enumerate(made)}
`;

const compressedTensors = `${weights}
from compressed_tensors.compressors.base import BaseCompressor
from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
from compressed_tensors.quantization.utils import calculate_qparams
from compressed_tensors.compressors import *

def grid(w, args):
    """Lowest and highest element under each scale."""
    s, g = str(getattr(args.strategy, 'value', args.strategy)), args.group_size
    if s == 'tensor': return w.amin().reshape(1), w.amax().reshape(1)
    if s == 'channel': return w.amin(1, keepdim=True), w.amax(1, keepdim=True)
    if s == 'block':
        a, b = args.block_structure
        p = torch.nn.functional.pad(w, (0, -w.shape[1] % b, 0, -w.shape[0] % a))
        p = p.reshape(p.shape[0] // a, a, p.shape[1] // b, b)
        return p.amin((1, 3)), p.amax((1, 3))
    p = w.reshape(w.shape[0], -1, g)
    return p.amin(2), p.amax(2)

def case(name, form, shapes, dtype=torch.bfloat16, **settings):
    args = QuantizationArgs(**settings)
    scheme = QuantizationScheme(targets=['Linear'], weights=args, input_activations=QuantizationArgs(num_bits=8))
    compressor = BaseCompressor.get_value_from_registry(form)
    stored, expected = {}, {}
    for name_, w in weights(dtype, *shapes).items():
        module = name_[:-len('weight')]
        low, high = grid(w, args)
        state = {'weight': w}
        if 'nvfp4' in form:
            state['weight_global_scale'] = (448 * 6 / w.abs().max()).float().reshape(1)
            top = torch.maximum(low.abs(), high.abs()).float()
            state['weight_scale'] = (state['weight_global_scale'] * top / 6).clamp(2.0 ** -9, 448).to(torch.float8_e4m3fn).to(dtype)
        elif 'mxf' in form:
            top = torch.maximum(low.abs(), high.abs()).float()
            state['weight_scale'] = torch.exp2(torch.floor(torch.log2(top.clamp(2.0 ** -90))) - 2).to(dtype)
        else:
            state['weight_scale'], zero = calculate_qparams(low, high, args)
            if not args.symmetric: state['weight_zero_point'] = zero
        packed = compressor.compress(state, scheme)
        back = compressor.decompress(dict(packed), scheme)
        stored |= {module + k: v for k, v in packed.items()}
        expected[name_] = back['weight']
    save(name, stored, expected, {'dtype': 'float16', 'quantization_config': {'quant_method': 'compressed-tensors', 'format': form}})

shapes = [(64, 96), (33, 192), (128, 320)]
case('int8-rows', 'int-quantized', shapes, num_bits=8, strategy='channel')
case('int8-one', 'int-quantized', shapes, torch.float16, num_bits=8, strategy='tensor')
case('int8-groups', 'int-quantized', shapes, torch.float32, num_bits=8, strategy='group', group_size=32)
case('int8-zero', 'int-quantized', shapes, num_bits=8, strategy='channel', symmetric=False)
case('int8-zero-groups', 'naive-quantized', shapes, torch.float32, num_bits=8, strategy='group', group_size=32, symmetric=False)
case('fp8-rows', 'float-quantized', shapes, num_bits=8, type='float', strategy='channel')
case('fp8-blocks', 'float-quantized', [(200, 300), (128, 384)], num_bits=8, type='float', strategy='block', block_structure=[128, 128])
case('mxfp8', 'mxfp8-quantized', shapes, num_bits=8, type='float', strategy='group', group_size=32, scale_dtype=torch.uint8)
case('nvfp4', 'nvfp4-pack-quantized', shapes, num_bits=4, type='float', strategy='tensor_group', group_size=16, scale_dtype=torch.float8_e4m3fn)
case('mxfp4', 'mxfp4-pack-quantized', shapes, num_bits=4, type='float', strategy='group', group_size=32, scale_dtype=torch.uint8)
`;

describeUnless(pythonLacks('torch', 'compressed_tensors'), 'compressed-tensors', () => {
  beforeAll(() => runPython(compressedTensors, { args: [folder] }), 120_000);

  it.each([
    ...['int8-rows', 'int8-one', 'int8-groups', 'int8-zero', 'int8-zero-groups'],
    ...['fp8-rows', 'fp8-blocks', 'mxfp8', 'nvfp4', 'mxfp4'],
  ])('%s', (name) => expectDequantized(folder, name));
});

const bitsandbytes = `${weights}
import bitsandbytes as bnb
stored, expected = {}, {}
for name, w in weights(torch.float16, (64, 96), (33, 200)).items():
    codes, scb, _ = bnb.functional.int8_vectorwise_quant(w)
    module = name[:-len('weight')]
    stored |= {name: codes, module + 'SCB': scb, module + 'weight_format': torch.tensor(0, dtype=torch.uint8)}
    expected[name] = bnb.functional.int8_vectorwise_dequant(codes, scb)
save('bnb', stored, expected, {'dtype': 'float16', 'quantization_config': {'quant_method': 'bitsandbytes', 'load_in_8bit': True}})
`;

describeUnless(pythonLacks('torch', 'bitsandbytes'), 'bitsandbytes', () => {
  beforeAll(() => runPython(bitsandbytes, { args: [folder] }), 120_000);

  it('int8', () => expectDequantized(folder, 'bnb'));
});

const quanto = `${weights}
from optimum.quanto import quantize, freeze, qint8, qfloat8_e4m3fn, qfloat8_e5m2
class Layers(torch.nn.Module):
    def __init__(self, dtype):
        super().__init__()
        for name, w in weights(dtype, (64, 96), (33, 200)).items():
            self.add_module(name[:-len('.weight')].replace('.', '-'), torch.nn.Linear(*w.shape[::-1], bias=False, dtype=dtype))
            getattr(self, name[:-len('.weight')].replace('.', '-')).weight.data = w
for name, kind in [('int8', qint8), ('e4m3', qfloat8_e4m3fn), ('e5m2', qfloat8_e5m2)]:
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        model = Layers(dtype)
        quantize(model, weights=kind)
        freeze(model)
        stored = {k.replace('-', '.'): v for k, v in model.state_dict().items()}
        expected = {n.replace('-', '.') + '.weight': m.weight.dequantize() for n, m in model.named_children()}
        save(f'quanto-{name}-{dtype}', stored, expected)
`;

describeUnless(pythonLacks('torch', 'optimum.quanto'), 'optimum-quanto', () => {
  beforeAll(() => runPython(quanto, { args: [folder] }), 120_000);

  it.each(
    ['int8', 'e4m3', 'e5m2'].flatMap((kind) =>
      ['float32', 'bfloat16', 'float16'].map((dtype) => `quanto-${kind}-torch.${dtype}`),
    ),
  )('%s', (name) => expectDequantized(folder, name));
});

const torchao = `${weights}
from torchao.prototype.safetensors.safetensors_support import flatten_tensor_state_dict
from torchao.quantization import Float8Tensor, IntxUnpackedToInt8Tensor, PerRow, PerTensor
def case(name, make, dtype):
    made = {n: make(w) for n, w in weights(dtype, (64, 96), (32, 192)).items()}
    stored, metadata = flatten_tensor_state_dict(made)
    save(name, stored, {n: t.dequantize() for n, t in made.items()}, {}, metadata)
for dtype in (torch.float32, torch.bfloat16):
    for rows in (PerRow(), PerTensor()):
        case(f'ao-fp8-{type(rows).__name__}-{dtype}', lambda w: Float8Tensor.from_hp(w, granularity=rows), dtype)
    for bits in (8, 4):
        for group in (32, 96):
            case(f'ao-int{bits}-{group}-{dtype}', lambda w: IntxUnpackedToInt8Tensor.from_hp(w, (1, group), getattr(torch, f'int{bits}')), dtype)
`;

describeUnless(pythonLacks('torch', 'torchao>=0.14'), 'torchao', () => {
  beforeAll(() => runPython(torchao, { args: [folder] }), 120_000);

  it.each(
    ['float32', 'bfloat16'].flatMap((dtype) =>
      ['fp8-PerRow', 'fp8-PerTensor', 'int8-32', 'int8-96', 'int4-32', 'int4-96'].map(
        (kind) => `ao-${kind}-torch.${dtype}`,
      ),
    ),
  )('%s', (name) => expectDequantized(folder, name));
});
