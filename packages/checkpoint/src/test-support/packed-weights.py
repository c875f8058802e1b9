"""
Weights as the programs of packed quantization store them, random codes and scales, and what these programs
dequantize them to, as JSON:

    python packed-weights.py > packed-weights.json      # the names of programs: only theirs
    python packed-weights.py --large <program> ...      # wider matrices, for the interop test

Programs: gptqmodel 7.7, autoawq 0.2.9, bitsandbytes 0.50, mlx-cpu 0.32, hqq 0.2.8, compressed-tensors 0.20,
transformers 5.24. Tensors are in base64, as they are stored, little-endian.
"""
import base64, importlib.util, json, os, sys
import numpy, torch

torch.manual_seed(1)
large = '--large' in sys.argv
wanted = [name for name in sys.argv[1:] if not name.startswith('--')]
cases = []
names = {
    torch.float32: 'F32', torch.float16: 'F16', torch.bfloat16: 'BF16', torch.int64: 'I64', torch.int32: 'I32',
    torch.int8: 'I8', torch.uint8: 'U8', torch.uint32: 'U32',
}


def raw(tensor):
    tensor = tensor.detach().contiguous()
    return base64.b64encode(tensor.reshape(-1).view(torch.uint8).numpy().tobytes()).decode()


def case(name, config, tensors, values, weight='layer.weight'):
    stored = {key: {'dtype': names[t.dtype], 'shape': list(t.shape), 'bytes': raw(t)} for key, t in tensors.items()}
    cases.append({
        'name': name, 'config': config, 'tensors': stored, 'weight': weight, 'dtype': names[values.dtype],
        'shape': list(values.shape), 'values': raw(values),
    })


def integers(*shape, dtype=torch.int32):
    info = torch.iinfo(dtype)
    return torch.randint(info.min, info.max + 1, shape, dtype=torch.int64).to(dtype)


def floats(*shape, dtype=torch.float16):
    """Most as scales are; some negative, some as small and as large as the type has them."""
    values = torch.randn(*shape).abs() * 0.02 + 1e-4
    kind = torch.rand(*shape)
    values = torch.where(kind < 0.1, -values, values)
    values = torch.where((kind > 0.1) & (kind < 0.15), values * 1e-6, values)
    values = torch.where((kind > 0.15) & (kind < 0.2), values * 1e5, values)
    return values.to(dtype)


def scales(*shape, dtype=torch.float16):
    return (torch.randn(*shape).abs() * 0.02 + 1e-3).to(dtype)


def gptqmodel():
    from gptqmodel.nn_modules.qlinear.torch import TorchLinear
    from gptqmodel.utils.model import convert_gptq_v1_to_v2_format_module

    def one(name, bits, group, order='straight', version=1, dtype=torch.float16, numbers=floats, config=None):
        rows, out = (1024, 768) if large else (32, 32)
        group_size = rows if group == -1 else group
        groups = -(-rows // group_size)
        layer = TorchLinear(bits, group, True, False, rows, out, register_buffers=True)
        layer.eval()
        layer.qweight = integers(rows * bits // 32, out)
        stored = layer.qzeros = integers(groups, out * bits // 32)
        layer.scales = numbers(groups, out, dtype=dtype)
        layer.g_idx = torch.arange(rows, dtype=torch.int32) // group_size
        if order == 'permuted':
            layer.g_idx = layer.g_idx[torch.randperm(rows)]
        if order == 'shifted':  # Groups begin within words, and are as long as some of them.
            layer.g_idx = layer.g_idx.roll(3)
        tensors = {'layer.qweight': layer.qweight, 'layer.qzeros': stored.clone(), 'layer.scales': layer.scales}
        if order != 'absent':
            tensors['layer.g_idx'] = layer.g_idx
        if version == 1:
            convert_gptq_v1_to_v2_format_module(layer, bits, torch.int32)
        settings = {'quant_method': 'gptq', 'bits': bits, 'group_size': group}
        if version == 2:
            settings['checkpoint_format'] = 'gptq_v2'
        case(f'GPTQ {name}', {'quantization_config': config or settings}, tensors, layer.dequantize_weight())

    for bits in (2, 3, 4, 8):
        one(f'{bits} bits', bits, 16)
    one('4 bits, act-order', 4, 16, order='permuted')
    one('3 bits, act-order', 3, 16, order='permuted')
    one('4 bits, groups that begin within words', 4, 16, order='shifted', numbers=scales)
    one('8 bits, groups that begin within words', 8, 16, order='shifted', numbers=scales)
    one('4 bits without g_idx', 4, 16, order='absent', numbers=scales)
    one('4 bits, one group', 4, -1)
    one('4 bits, version 2', 4, 16, version=2)
    one('3 bits, version 2, BF16', 3, 16, version=2, dtype=torch.bfloat16)
    one('4 bits of AutoRound', 4, 16, version=2, numbers=scales,
        config={'quant_method': 'auto-round', 'packing_format': 'auto_round:gptqmodel', 'bits': 4, 'group_size': 16})


def autoawq():
    folder = importlib.util.find_spec('awq').submodule_search_locations[0]
    path = os.path.join(folder, 'utils', 'packing_utils.py')
    spec = importlib.util.spec_from_file_location('packing_utils', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def one(name, group, numbers=floats, dtype=torch.float16):
        rows, out = (1024, 768) if large else (32, 24)
        groups = rows // group
        parts = {
            'layer.qweight': integers(rows, out // 8), 'layer.qzeros': integers(groups, out // 8),
            'layer.scales': numbers(groups, out, dtype=dtype),
        }
        values = module.dequantize_gemm(*parts.values(), 4, group)
        settings = {'quant_method': 'awq', 'bits': 4, 'group_size': group, 'version': 'gemm', 'zero_point': True}
        case(f'AWQ {name}', {'quantization_config': settings}, parts, values)

    one('groups of 16', 16)
    one('one group', 1024 if large else 32, numbers=scales)


def bitsandbytes():
    from bitsandbytes.functional import dequantize_4bit, quantize_4bit

    def one(name, kind, nested, dtype, shape, block=64, storage=torch.uint8):
        weight = (torch.randn(shape) * 0.02).to(dtype)
        codes, state = quantize_4bit(weight, blocksize=block, quant_type=kind, compress_statistics=nested, quant_storage=storage)
        codes = integers(*codes.view(torch.uint8).shape, dtype=torch.uint8).view(storage)
        if nested:
            state.absmax = integers(*state.absmax.shape, dtype=torch.uint8)
            if not large:
                state.state2.blocksize = 8
                state.state2.absmax = scales(-(-state.absmax.numel() // 8), dtype=torch.float32)
        tensors = {'layer.weight': codes} | {f'layer.weight.{key}': value for key, value in state.as_dict(packed=True).items()}
        settings = {'quant_method': 'bitsandbytes', 'load_in_4bit': True}
        case(f'bitsandbytes {name}', {'quantization_config': settings}, tensors, dequantize_4bit(codes, state))

    # The kernel for CPUs has blocks within rows, others and the program that quantizes over all of the weight.
    wide = (512, 1536) if large else (4, 128)
    one('NF4, double quantization', 'nf4', True, torch.bfloat16, wide)
    one('NF4', 'nf4', False, torch.float16, wide)
    one('NF4, blocks of 128', 'nf4', False, torch.float32, wide, block=128)
    one('NF4, a last block that is not full', 'nf4', False, torch.bfloat16, (7, 30))
    one('FP4', 'fp4', False, torch.bfloat16, wide)
    one('FP4, double quantization', 'fp4', True, torch.float16, wide)
    one('NF4 stored as BF16', 'nf4', False, torch.bfloat16, wide, storage=torch.bfloat16)


def mlx():
    import mlx.core as mx

    def array(tensor):
        if tensor.dtype == torch.bfloat16:
            return mx.array(tensor.view(torch.int16).numpy()).view(mx.bfloat16)
        return mx.array(tensor.view(torch.int32).numpy()).view(mx.uint32) if tensor.dtype == torch.uint32 else mx.array(tensor.numpy())

    def tensor(array):
        values = torch.from_numpy(numpy.array(array.astype(mx.float32)))
        return values.to({mx.float16: torch.float16, mx.bfloat16: torch.bfloat16, mx.float32: torch.float32}[array.dtype])

    def one(name, bits, group, dtype=torch.float16, mode='affine', numbers=floats, config=None, prefix=()):
        rows, columns = (512, 1536) if large else (3, 128)
        parts = {
            'layer.weight': integers(*prefix, rows, columns * bits // 32).view(torch.uint32),
            'layer.scales': numbers(*prefix, rows, columns // group, dtype=dtype) if mode == 'affine'
            else torch.randint(1, 120, (*prefix, rows, columns // group), dtype=torch.uint8),
        }
        if mode == 'affine':
            parts['layer.biases'] = numbers(*prefix, rows, columns // group, dtype=dtype)
        values = tensor(mx.dequantize(*map(array, parts.values()), group_size=group, bits=bits, mode=mode))
        settings = {'group_size': group, 'bits': bits} | ({} if mode == 'affine' else {'mode': mode})
        case(f'MLX {name}', {'quantization': settings} if config is None else config, parts, values)

    for bits in (2, 3, 4, 5, 6, 8):
        one(f'{bits} bits', bits, 64)
    one('4 bits, BF16', 4, 32, dtype=torch.bfloat16)
    one('4 bits, F32', 4, 128, dtype=torch.float32)
    one('8 bits of one module', 8, 32, numbers=scales, config={'quantization': {'group_size': 64, 'bits': 4, 'layer': {'group_size': 32, 'bits': 8}}})
    one('4 bits of stacked experts', 4, 64, numbers=scales, prefix=(2,))
    one('4 bits, told by the shapes', 4, 64, numbers=scales, config={})
    one('MXFP4', 4, 32, mode='mxfp4')
    one('MXFP8', 8, 32, mode='mxfp8')
    one('NVFP4', 4, 16, mode='nvfp4')


def hqq():
    from hqq.core.quantize import Quantizer

    def one(name, bits, axis, dtype=torch.float16, group=32, view=False, numbers=floats):
        shape = (512, 768) if large else (8, 64)
        rows, columns = (shape[0] * shape[1] // group, group) if axis == 1 else (group, shape[0] * shape[1] // group)
        codes = torch.randint(0, 2 ** bits, (rows, columns), dtype=torch.uint8)
        packing = Quantizer.bit_to_packing[bits]
        packed = Quantizer.pack[packing](codes.to(torch.int32) if bits == 3 else codes)
        if view:
            packed = packed.view(dtype)
        wide = (rows, 1) if axis == 1 else (1, columns)
        meta = {
            'nbits': bits, 'group_size': group, 'shape': torch.Size(shape), 'axis': axis, 'packing': packing,
            'unpack_view_dtype': Quantizer.unpack_view_dtype[packing], 'view_as_float': view, 'compute_dtype': dtype,
            'scale': numbers(*wide, dtype=dtype), 'zero': (torch.rand(*wide) * 2 ** bits).to(dtype),
        }
        tensors = {
            'layer.W_q': packed, 'layer.scale': meta['scale'], 'layer.zero': meta['zero'], 'layer.nbits': torch.tensor(bits, dtype=torch.int32),
            'layer.axis': torch.tensor(axis, dtype=torch.int32), 'layer.group_size': torch.tensor(group, dtype=torch.int32),
            'layer.shape': torch.tensor(shape), 'layer.packing': torch.tensor([ord(i) for i in packing], dtype=torch.uint8),
        }
        settings = {'quant_method': 'hqq', 'quant_config': {'weight_quant_params': {'nbits': bits, 'axis': axis, 'group_size': group}}}
        case(f'HQQ {name}', {'quantization_config': settings}, tensors, Quantizer.dequantize(packed, meta))

    for bits in (1, 2, 3, 4, 8):
        for axis in (0, 1):
            one(f'{bits} bits, axis {axis}', bits, axis)
    one('4 bits, BF16', 4, 1, dtype=torch.bfloat16)
    one('4 bits, F32', 4, 1, dtype=torch.float32)
    one('5 bits', 5, 1, numbers=scales)
    one('4 bits stored as F16', 4, 1, view=True, numbers=scales)


def compressed_tensors():
    from compressed_tensors.compressors.pack_quantized.base import PackedQuantizationCompressor
    from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme

    def one(name, bits, group=None, symmetric=True, dtype=torch.bfloat16, columns=None):
        rows, columns = (512, 768) if large else (16, columns or 64)
        groups = columns // group if group else 1
        weights = QuantizationArgs(num_bits=bits, symmetric=symmetric, strategy='group' if group else 'channel', group_size=group)
        scheme = QuantizationScheme(targets=['Linear'], weights=weights)
        tensors = {
            'weight_packed': integers(rows, -(-columns * bits // 32)), 'weight_scale': floats(rows, groups, dtype=dtype),
            'weight_shape': torch.tensor([rows, columns]),
        }
        if not symmetric:
            tensors['weight_zero_point'] = integers(-(-rows * bits // 32), groups)
        values = PackedQuantizationCompressor.decompress(dict(tensors), scheme)['weight']
        settings = {'quant_method': 'compressed-tensors', 'format': 'pack-quantized', 'config_groups': {'group_0': {'weights': {'num_bits': bits, 'group_size': group, 'symmetric': symmetric}}}}
        case(f'compressed-tensors {name}', {'quantization_config': settings}, {f'layer.{key}': t for key, t in tensors.items()}, values)

    one('4 bits, groups', 4, 32)
    one('4 bits, groups with zero points', 4, 32, symmetric=False, dtype=torch.float16)
    one('4 bits, channels', 4)
    one('4 bits, rows that end within a word', 4, columns=60)
    one('8 bits, channels with zero points', 8, symmetric=False)
    one('8 bits, groups', 8, 32)
    one('3 bits, groups with zero points', 3, 32, symmetric=False)


def transformers():
    from transformers.integrations.bitnet import unpack_weights
    from transformers.integrations.mxfp4 import convert_moe_packed_tensors

    experts, out, groups = (4, 512, 12) if large else (2, 6, 3)
    blocks, powers = integers(experts, out, groups, 16, dtype=torch.uint8), torch.randint(90, 140, (experts, out, groups), dtype=torch.uint8)
    values = convert_moe_packed_tensors(blocks, powers)
    case('MXFP4', {'quantization_config': {'quant_method': 'mxfp4'}}, {'experts.down_proj_blocks': blocks, 'experts.down_proj_scales': powers},
         values.transpose(1, 2), weight='experts.down_proj')
    for kind in ('bitlinear', 'autobitlinear'):
        rows, columns = (1024, 768) if large else (24, 40)
        packed, scale = integers(rows // 4, columns, dtype=torch.uint8), torch.tensor([1.2], dtype=torch.bfloat16)
        # Without `torch.compile`, which needs a compiler.
        ternary = getattr(unpack_weights, '__wrapped__', unpack_weights)(packed, torch.bfloat16)
        values = ternary / scale if kind == 'bitlinear' else ternary * scale
        settings = {'quant_method': 'bitnet', 'linear_class': kind, 'quantization_mode': 'offline'}
        case(f'BitNet, {kind}', {'quantization_config': settings}, {'layer.weight': packed, 'layer.weight_scale': scale}, values)


programs = {'gptqmodel': gptqmodel, 'autoawq': autoawq, 'bitsandbytes': bitsandbytes, 'mlx': mlx, 'hqq': hqq,
            'compressed_tensors': compressed_tensors, 'transformers': transformers}
# What these programs print is not part of the answer.
answer, sys.stdout = sys.stdout, sys.stderr
for program in wanted or programs:
    programs[program]()
json.dump(cases, answer, indent=1)
