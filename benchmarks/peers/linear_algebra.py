"""The peers of `engines.mjs`: torch and numpy on two threads, one matrix per line of JSON."""

import json
import os
import sys
import time

# Read when the library is loaded: kernels for an older processor, which some environments ask for,
# can cost a quarter of the speed.
os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.pop("OPENBLAS_L2_SIZE", None)

import numpy as np  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(2)


def svdvals(w):
    return torch.linalg.svdvals(w)


def eigvalsh(w):
    return torch.linalg.eigvalsh(w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w)


def numpy_svd(w):
    return np.linalg.svd(w.numpy(), compute_uv=False)


ENGINES = {
    "torch svdvals": svdvals,
    "torch eigvalsh(WWt)": eigvalsh,
    "numpy svd": numpy_svd,
}

print(
    json.dumps(
        {
            "engines": list(ENGINES),
            "versions": f"torch {torch.__version__}, numpy {np.__version__}",
        }
    ),
    flush=True,
)
for line in sys.stdin:
    question = json.loads(line)
    shape = (question["rows"], question["columns"])
    w = torch.from_numpy(np.fromfile(question["file"], dtype=np.float32).reshape(shape))
    start = time.perf_counter()
    ENGINES[question["engine"]](w)
    print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)
