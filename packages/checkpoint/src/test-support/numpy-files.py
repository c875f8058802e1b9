"""Writes numpy-files.json: small files of numpy, and what numpy.load says of them.

    python3 numpy-files.py > numpy-files.json        (numpy 2)
"""
import base64, io, json
import numpy

a = numpy.arange(6, dtype='<f4').reshape(2, 3) / 4 - 1
arrays = {d: numpy.array([1, 2], d) for d in
          ['<f8', '<f2', '<i8', '<i4', '<i2', '|i1', '<u8', '<u4', '<u2', '|u1', '|b1']}
arrays |= {'matrix': a, 'fortran': numpy.asfortranarray(a), 'scalar': numpy.float32(2.5),
           'empty': numpy.zeros((0, 3), '<f4'), 'model.layers.0.self_attn.q_proj.weight': a + 1}


def file(write, arrays):
    buffer = io.BytesIO()
    write(buffer)
    tensors = [{'name': name, 'shape': list(numpy.shape(value)), 'values': numpy.ravel(value).astype('f8').tolist()}
               for name, value in arrays.items()]
    return {'bytes': base64.b64encode(buffer.getvalue()).decode(), 'tensors': tensors}


def version(number):
    return lambda f: numpy.lib.format.write_array(f, a, version=number)


print(json.dumps({
    'npz': file(lambda f: numpy.savez(f, **arrays), arrays),
    'compressed npz': file(lambda f: numpy.savez_compressed(f, **arrays), arrays),
    **{f'npy of version {number[0]}': file(version(number), {'sample': a}) for number in [(1, 0), (2, 0), (3, 0)]},
    'npy in the order of Fortran': file(lambda f: numpy.save(f, numpy.asfortranarray(a)), {'sample': a}),
}, indent=1))
