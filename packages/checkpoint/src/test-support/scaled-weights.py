"""
Weights as the programs that multiply codes by scales store them, and what these programs dequantize them to, as
JSON in the form of packed-weights.py:

    python scaled-weights.py > scaled-weights.json      # the names of programs: only theirs
    python scaled-weights.py --large <program> ...      # wider matrices, for the interop test

Programs: compressed-tensors 0.20, bitsandbytes 0.50, optimum-quanto 0.2.7, torchao 0.14.1, transformers 5.24.
"""
import base64, importlib.util, json, sys
import torch

torch.manual_seed(0)
large = '--large' in sys.argv
wanted = [name for name in sys.argv[1:] if not name.startswith('--')]
cases = []
names = {
    torch.float32: 'F32', torch.float16: 'F16', torch.bfloat16: 'BF16', torch.int8: 'I8', torch.uint8: 'U8',
    torch.int32: 'I32', torch.float8_e4m3fn: 'F8_E4M3', torch.float8_e5m2: 'F8_E5M2',
    torch.float8_e4m3fnuz: 'F8_E4M3FNUZ', torch.float8_e5m2fnuz: 'F8_E5M2FNUZ',
}
float8 = (torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz)


def raw(tensor):
    flat = tensor.detach().contiguous().reshape(-1)
    return base64.b64encode(flat.view(torch.uint8).numpy().tobytes()).decode()


def case(name, tensors, values, config={}, metadata=None):
    stored = {f'layer.{k}': {'dtype': names[t.dtype], 'shape': list(t.shape), 'bytes': raw(t)} for k, t in tensors.items()}
    cases.append({
        'name': name, 'config': config, 'tensors': stored, 'weight': 'layer.weight', 'dtype': names[values.dtype],
        'shape': list(values.shape), 'values': raw(values), **({'metadata': metadata} if metadata else {}),
    })


def weight(*shape, dtype=torch.bfloat16):
    """A decaying spectrum, a row of large elements and one that is next to nothing."""
    w = torch.randn(shape) * torch.arange(1, shape[-1] + 1) ** -0.3 * 0.02
    w[0] *= 1e4
    w[1] *= 1e-30
    return w.to(dtype)


def shape(rows, columns, times=8):
    return (rows * times, columns * times) if large else (rows, columns)


def compressed_tensors():
    from compressed_tensors.compressors.base import BaseCompressor
    from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
    from compressed_tensors.quantization.utils import calculate_qparams
    import compressed_tensors.compressors

    def ends(w, args):
        """Lowest and highest element under each scale."""
        strategy = getattr(args.strategy, 'value', args.strategy)
        if strategy == 'tensor':
            return w.amin().reshape(1), w.amax().reshape(1)
        if strategy == 'channel':
            return w.amin(1, keepdim=True), w.amax(1, keepdim=True)
        if strategy == 'block':
            a, b = args.block_structure
            p = torch.nn.functional.pad(w, (0, -w.shape[1] % b, 0, -w.shape[0] % a))
            p = p.reshape(p.shape[0] // a, a, p.shape[1] // b, b)
            return p.amin((1, 3)), p.amax((1, 3))
        p = w.reshape(w.shape[0], -1, args.group_size)
        return p.amin(2), p.amax(2)

    def one(name, form, size, dtype=torch.bfloat16, **settings):
        args = QuantizationArgs(**settings)
        scheme = QuantizationScheme(targets=['Linear'], weights=args, input_activations=QuantizationArgs(num_bits=8))
        compressor = BaseCompressor.get_value_from_registry(form)
        w = weight(*size, dtype=dtype)
        low, high = ends(w, args)
        top = torch.maximum(low.abs(), high.abs()).float()
        state = {'weight': w}
        if 'nvfp4' in form:
            state['weight_global_scale'] = (448 * 6 / w.abs().max()).float().reshape(1)
            wanted = state['weight_global_scale'] * top / 6
            state['weight_scale'] = wanted.clamp(2.0**-9, 448).to(torch.float8_e4m3fn).to(dtype)
        elif 'mxf' in form:
            state['weight_scale'] = torch.exp2(torch.floor(torch.log2(top.clamp(2.0**-90))) - 2).to(dtype)
        else:
            state['weight_scale'], zero = calculate_qparams(low, high, args)
            if not args.symmetric:
                state['weight_zero_point'] = zero
        stored = compressor.compress(state, scheme)
        values = compressor.decompress(dict(stored), scheme)['weight']
        config = {'dtype': 'float16', 'quantization_config': {'quant_method': 'compressed-tensors', 'format': form}}
        case(f'compressed-tensors, {name}', stored, values, config)

    small, f32 = shape(8, 32), torch.float32
    groups = {'strategy': 'group', 'group_size': 16}
    one('int8 of rows', 'int-quantized', small, num_bits=8, strategy='channel')
    one('int8 with one scale', 'int-quantized', shape(5, 33), torch.float16, num_bits=8, strategy='tensor')
    one('int8 of groups', 'int-quantized', small, f32, num_bits=8, **groups)
    one('int8 of rows with zero points', 'int-quantized', small, num_bits=8, strategy='channel', symmetric=False)
    one('int8 of groups with zero points', 'naive-quantized', small, f32, num_bits=8, symmetric=False, **groups)
    one('FP8 of rows', 'float-quantized', small, num_bits=8, type='float', strategy='channel')
    blocks = (200, 300) if large else (12, 20)
    sides = [128, 128] if large else [8, 8]
    if large:
        one('FP8 of blocks', 'float-quantized', blocks, num_bits=8, type='float', strategy='block', block_structure=sides)
    byte = {'type': 'float', 'scale_dtype': torch.uint8, 'strategy': 'group', 'group_size': 32}
    one('MXFP8', 'mxfp8-quantized', shape(4, 64), num_bits=8, **byte)
    one('MXFP4', 'mxfp4-pack-quantized', shape(4, 64), num_bits=4, **byte)
    one('NVFP4', 'nvfp4-pack-quantized', small, num_bits=4, type='float', strategy='tensor_group', group_size=16, scale_dtype=torch.float8_e4m3fn)


def bitsandbytes():
    import bitsandbytes as bnb

    for size in [shape(8, 24), shape(3, 50)]:
        codes, scb, _ = bnb.functional.int8_vectorwise_quant(weight(*size, dtype=torch.float16))
        stored = {'weight': codes, 'SCB': scb, 'weight_format': torch.tensor(0, dtype=torch.uint8)}
        config = {'dtype': 'float16', 'quantization_config': {'quant_method': 'bitsandbytes', 'load_in_8bit': True}}
        case(f'bitsandbytes, int8 of {size}', stored, bnb.functional.int8_vectorwise_dequant(codes, scb), config)


def quanto():
    from optimum.quanto import freeze, qfloat8_e4m3fn, qfloat8_e5m2, qint8, quantize

    for kind in (qint8, qfloat8_e4m3fn, qfloat8_e5m2):
        for dtype in (torch.float32, torch.bfloat16, torch.float16):
            size = shape(6, 33)
            model = torch.nn.Sequential(torch.nn.Linear(*size[::-1], bias=False, dtype=dtype))
            model[0].weight.data = weight(*size, dtype=dtype)
            quantize(model, weights=kind)
            freeze(model)
            stored = {k.removeprefix('0.'): v for k, v in model.state_dict().items()}
            case(f'quanto, {kind.name} of {names[dtype]}', stored, model[0].weight.dequantize())


def torchao():
    from torchao.prototype.safetensors.safetensors_support import flatten_tensor_state_dict
    from torchao.quantization import Float8Tensor, IntxUnpackedToInt8Tensor, PerRow, PerTensor

    def one(name, made):
        stored, metadata = flatten_tensor_state_dict({'layer.weight': made})
        case(f'torchao, {name}', {k.removeprefix('layer.'): v for k, v in stored.items()}, made.dequantize(), {}, metadata)

    for dtype in (torch.float32, torch.bfloat16):
        for grain in (PerRow(), PerTensor()):
            one(f'FP8 {type(grain).__name__} of {names[dtype]}', Float8Tensor.from_hp(weight(*shape(6, 32), dtype=dtype), granularity=grain))
        for bits, group in ((8, 16), (8, 32), (4, 16)):
            w = weight(*shape(6, 32, 1), dtype=dtype)
            one(f'int{bits} of {group} of {names[dtype]}', IntxUnpackedToInt8Tensor.from_hp(w, (1, group), getattr(torch, f'int{bits}')))


def transformers():
    from transformers.integrations.finegrained_fp8 import Fp8Dequantize

    dequantize = Fp8Dequantize(None)._dequantize_one

    def codes(size, dtype):
        """Any bytes but those of no number: all exponents, subnormals and zeros of both signs."""
        c = torch.randint(0, 256, size, dtype=torch.uint8).view(dtype)
        return torch.where(torch.isfinite(c.float()), c.float(), 0.0).to(dtype)

    def one(name, size, grid, scale, dtype=torch.float8_e4m3fn, config={}, out=None, called='weight_scale_inv'):
        w, s = codes(size, dtype), (torch.randn(grid).abs() * 1e-3).to(scale)
        wide = s.reshape(*grid, *[1] * (2 - len(grid)))
        case(f'FP8, {name}', {'weight': w, called: s}, dequantize(w, wide, output_dtype=out), config)

    for scale in (torch.float32, torch.bfloat16, torch.float16):
        one(f'groups, {names[scale]}', shape(6, 64, 4), (shape(6, 64, 4)[0], shape(6, 64, 4)[1] // 32), scale)
    for dtype in float8:
        one(f'rows of {names[dtype]}', shape(6, 33), (shape(6, 33)[0], 1), torch.float32, dtype, called='weight_scale')
    for setting, out in (('bfloat16', torch.bfloat16), ('float16', torch.float16)):
        one(f'rows in a model of {setting}', shape(6, 33), (shape(6, 33)[0],), torch.float32, config={'dtype': setting}, out=out, called='weight_scale')
        one(f'one scale in a model of {setting}', shape(6, 33), (1,), torch.float32, config={'text_config': {'torch_dtype': setting}}, out=out, called='qscale_weight')
    if large:
        one('blocks', (256, 384), (2, 3), torch.float32)


programs = {
    'compressed_tensors': (compressed_tensors, 'compressed_tensors'), 'bitsandbytes': (bitsandbytes, 'bitsandbytes'),
    'quanto': (quanto, 'optimum.quanto'), 'torchao': (torchao, 'torchao'), 'transformers': (transformers, 'transformers'),
}
for name, (make, module) in programs.items():
    if (not wanted or name in wanted) and importlib.util.find_spec(module.split('.')[0]):
        make()
json.dump(cases, sys.stdout, indent=1)
print()
