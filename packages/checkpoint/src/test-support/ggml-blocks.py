"""
One block of each type that the Python package gguf dequantizes, and its values, as JSON:

    python ggml-blocks.py > ggml-blocks.json    # gguf 0.19.0, numpy 2

Bytes are random, the first ones whose values are all finite and not all zero. Both are in base64, values as
little-endian float32.
"""
import base64, json, numpy
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, dequantize

random = numpy.random.default_rng(1)
text = lambda array: base64.b64encode(array.tobytes()).decode()
blocks = {}
for kind in GGMLQuantizationType:
    elements, size = GGML_QUANT_SIZES[kind]
    if elements == 1:
        continue
    try:
        while True:
            stored = random.integers(0, 256, (1, size), dtype='u1')
            values = dequantize(stored, kind)
            if numpy.isfinite(values).all() and values.any():
                break
    except NotImplementedError:
        continue
    blocks[kind.name] = {'stored': text(stored), 'values': text(values.astype('<f4'))}
print(json.dumps(blocks, indent=1))
