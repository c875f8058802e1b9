"""The peer of `dequantization.mjs`: gguf on numpy, one thread, one type per line of JSON."""

import json
import sys
import time
from importlib import metadata

import gguf
import numpy as np

versions = f"gguf {metadata.version('gguf')}, numpy {np.__version__}"
print(json.dumps({"versions": versions}), flush=True)
for line in sys.stdin:
    question = json.loads(line)
    kind = gguf.GGMLQuantizationType[question["dtype"]]
    size = gguf.GGML_QUANT_SIZES[kind][1]
    # As rows of a matrix, for which gguf is made; special values cost nothing and warn of nothing.
    stored = np.fromfile(question["file"], dtype=np.uint8).reshape(question["rows"], -1)
    assert stored.shape[1] % size == 0
    with np.errstate(all="ignore"):
        start = time.perf_counter()
        gguf.dequantize(stored, kind)
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)
