"""What experts cost in PyTorch, looped over as the released MoLA and AlphaLoRA code does and packed
as molora.py does: python3 bench/official_loop.py [--rows 256] [--runs 21] [512 2048 ...]

Per expert: find the tokens that selected it, gather them, two products, weight, add back. One
thread, no dropout, forward and backward; the counterpart of bench/layers.mjs.
"""
import argparse
import os
import pathlib
import statistics
import sys
import time

# Read when the library is loaded: torch.set_num_threads does not reach OpenBLAS, and kernels for an
# older processor, which some environments ask for, can cost a quarter of the speed.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.pop("OPENBLAS_L2_SIZE", None)

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "exporters" / "python"))
import molora  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("sizes", type=int, nargs="*", default=[512, 2048])
parser.add_argument("--rows", type=int, default=256)
parser.add_argument("--runs", type=int, default=21)
options = parser.parse_args()
torch.set_num_threads(1)
RANK, EXPERTS, TOP_K, SCALING = 8, 8, 2, 2.0


def parameter(*shape):
    bound = shape[-1] ** -0.5
    return torch.empty(*shape).uniform_(-bound, bound).requires_grad_()


def expert(size):
    return parameter(RANK, size), torch.zeros(size, RANK, requires_grad=True)


def single(x, base, experts, _router):
    a, b = experts[0]
    return F.linear(x, base) + F.linear(F.linear(x, a), b) * SCALING


def loop(x, base, experts, router):
    probabilities = F.softmax(F.linear(x, router), dim=1, dtype=torch.float32)
    weights, selected = torch.topk(probabilities, TOP_K, dim=-1)
    weights = weights / weights.sum(dim=-1, keepdim=True)
    picks = F.one_hot(selected, num_classes=len(experts))
    update = torch.zeros_like(x)
    for index, (a, b) in enumerate(experts):
        tokens, place = torch.where(picks[:, :, index] > 0)
        if tokens.numel() == 0:
            continue
        answer = F.linear(F.linear(x[tokens], a), b) * SCALING
        update = update.index_add(0, tokens, answer * weights[tokens, place, None])
    return F.linear(x, base) + update


def packed(size, base, count):
    spec = {"name": "map", "block": 0, "inputs": size, "outputs": size, "topK": min(TOP_K, count)}
    spec |= {"ranks": [RANK] * count, "scalings": [SCALING] * count}
    linear = torch.nn.Linear(size, size, bias=False)
    linear.weight = torch.nn.Parameter(base, requires_grad=False)
    layer = molora.MoloraLinear(linear, spec, molora.TopK(), 0.0, torch.Generator())
    return lambda x, *_: layer(x)


print(f"torch {torch.__version__}, one thread; {options.rows} tokens, median of {options.runs} runs")
for size in options.sizes:
    torch.manual_seed(0)
    base = torch.rand(size, size) * 2 - 1
    dy = torch.rand(options.rows, size) * 2 - 1
    router = parameter(EXPERTS, size)
    contestants = {
        "one LoRA of rank 8": (single, [expert(size)]),
        "8 experts in a loop": (loop, [expert(size) for _ in range(EXPERTS)]),
        "8 experts of molora.py": (packed(size, base, EXPERTS), None),
    }
    times = {name: [] for name in contestants}
    for turn in range(-2, options.runs):
        for name, (layer, experts) in contestants.items():
            x = (torch.rand(options.rows, size) * 2 - 1).requires_grad_()
            start = time.perf_counter()
            layer(x, base, experts, router).backward(dy)
            if turn >= 0:
                times[name].append(1e3 * (time.perf_counter() - start))
    medians = {name: statistics.median(all_times) for name, all_times in times.items()}
    print(f"\n{size} to {size}")
    first = next(iter(medians.values()))
    for name, milliseconds in medians.items():
        print(f"  {name:28} {milliseconds:8.2f} ms  {milliseconds / first:.2f}")
