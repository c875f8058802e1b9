"""Writes torch-files.json: small files of torch.save, and what torch.load(weights_only=True) says of them.

    python3 torch-files.py > torch-files.json        (torch 2.6)
"""
import base64, collections, io, json
import torch

a = torch.arange(6, dtype=torch.float32).reshape(2, 3) / 4 - 1
state = collections.OrderedDict(
    plain=a, tied=a, transposed=a.t(), column=a[:, 1], repeated=a[1:, :1].expand(2, 2),
    half=a.half(), brain=a.bfloat16(), parameter=torch.nn.Parameter(a + 1), scalar=torch.tensor(2.5),
    empty=torch.zeros(0, 3), flags=a > 0, long=torch.tensor([2**40, -1]),
)
state._metadata = {'': {'version': 1}}
small = torch.tensor([1.5, -2])
wide = {
    'F64': small.double(), 'F8_E4M3': small.to(torch.float8_e4m3fn), 'F8_E5M2': small.to(torch.float8_e5m2),
    'I32': small.int(), 'I16': small.short(), 'I8': small.char(), 'U8': small.abs().byte(),
    'U16': torch.tensor([1, 65535], dtype=torch.uint16), 'U32': torch.tensor([1, 2**32 - 1], dtype=torch.uint32),
}
trained = {
    'epoch': 3, 'lr': 1e-3, 'args': ('a', b'b', None, True, {1, 2}, 2**70), 'state_dict': {'w': small},
    'optimizer': {'state': {0: {'exp_avg': small}}, 'param_groups': [{'params': [0]}]},
}
nested = {'model': {'language_model': {'embedding': {'weight': small}, 'layers.0.weight': small * 2}}}


def flat(value, name=''):
    if isinstance(value, torch.Tensor):
        yield {'name': name, 'shape': list(value.shape), 'values': value.double().reshape(-1).tolist()}
        return
    for key, part in value.items():
        yield from flat(part, f'{name}.{key}' if name else key)


def file(content, model=lambda content: content, **options):
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    read = torch.load(io.BytesIO(buffer.getvalue()), weights_only=options.get('pickle_protocol', 2) == 2)
    return {'bytes': base64.b64encode(buffer.getvalue()).decode(), 'tensors': list(flat(model(read)))}


before = {'_use_new_zipfile_serialization': False}
print(json.dumps({
    'archive': file(state),
    'archive of protocol 4': file(state, pickle_protocol=4),
    'archive of other types': file(wide),
    'archive of training': file(trained, lambda all: all['state_dict']),
    'archive of nested dictionaries': file(nested, lambda all: all['model']),
    'file of before 1.6': file(state, **before),
    'file of before 1.6, protocol 4': file(state, pickle_protocol=4, **before),
    'file of before 1.6, of training': file(trained, lambda all: all['state_dict'], **before),
}, indent=1))
