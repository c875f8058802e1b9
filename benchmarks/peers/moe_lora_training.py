"""A peer of `training.mjs`: fine-tuning of a Llama decoder in PyTorch, with the experts of MoLA
(arXiv 2402.08562) and AlphaLoRA (arXiv 2410.10054) in a Python loop as their released code has them,
or all of them at once (`batched`): one einsum for all A, one for all B, gates in between.

    moe_lora_training.py [loop | batched] [threads]

The base is frozen and of random weights, since speed does not depend on them; its shapes are those of
a config.json. What the released code does only because of its age (lists of token numbers, moves
between types) is left out, so that the loop is the only handicap.

A line of JSON with `config` sets a model up and is answered by its trainable parameters; every other
line is one step of training, answered by its wall and processor seconds and its loss.
"""

import json
import os
import sys
import time

# Read when the library is loaded: torch.set_num_threads does not reach OpenBLAS, and kernels for an
# older processor, which some environments ask for, can cost a quarter of the speed.
FORM, THREADS = (sys.argv[1:] + ["loop", "1"][len(sys.argv) - 1 :])[:2]
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = THREADS
os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.pop("OPENBLAS_L2_SIZE", None)

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

torch.set_num_threads(int(THREADS))
RANK, TOP_K, SCALING = 8, 2, 2.0
LEARNING_RATE, LARGEST_NORM = 3e-4, 1.0


def shapes(config):
    """Outputs and inputs of the projections of a block."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    queries = config["num_attention_heads"] * config["head_dim"]
    keys = config["num_key_value_heads"] * config["head_dim"]
    return {
        "q_proj": (queries, width),
        "k_proj": (keys, width),
        "v_proj": (keys, width),
        "o_proj": (width, queries),
        "gate_proj": (inner, width),
        "up_proj": (inner, width),
        "down_proj": (width, inner),
    }


def frozen_base(config):
    width = config["hidden_size"]
    blocks = [
        {name: torch.randn(shape) * 0.02 for name, shape in shapes(config).items()}
        | {"attention_norm": torch.ones(width), "feed_forward_norm": torch.ones(width)}
        for _ in range(config["num_hidden_layers"])
    ]
    embedding = torch.randn(config["vocab_size"], width) * 0.02
    return {"embedding": embedding, "blocks": blocks, "norm": torch.ones(width)}


def initial_adapter(config, experts):
    """A and the router uniform as Kaiming's with a = sqrt(5), B zero; a single LoRA has no router."""

    def uniform(outputs, inputs):
        return torch.empty(outputs, inputs).uniform_(-(inputs**-0.5), inputs**-0.5).requires_grad_()

    def projection(outputs, inputs):
        router = uniform(experts, inputs) if experts > 1 else None
        if FORM == "batched" and experts > 1:
            a = torch.empty(experts, RANK, inputs).uniform_(-(inputs**-0.5), inputs**-0.5)
            b = torch.zeros(experts, outputs, RANK)
            return {"experts": [(a.requires_grad_(), b.requires_grad_())], "router": router}
        pairs = [
            (uniform(RANK, inputs), torch.zeros(outputs, RANK, requires_grad=True))
            for _ in range(experts)
        ]
        return {"experts": pairs, "router": router}

    return [
        {name: projection(*shape) for name, shape in shapes(config).items()}
        for _ in range(config["num_hidden_layers"])
    ]


def parameters(adapter):
    for block in adapter:
        for projection in block.values():
            for pair in projection["experts"]:
                yield from pair
            if projection["router"] is not None:
                yield projection["router"]


def lora(x, pair, dropout):
    a, b = pair
    return F.linear(F.linear(F.dropout(x, dropout) if dropout else x, a), b) * SCALING


def adapted(x, weight, projection, dropout):
    """x [tokens, inputs]; the update of a token is the weighted mean of its two best experts'."""
    base = F.linear(x, weight)
    if projection["router"] is None:
        return base + lora(x, projection["experts"][0], dropout)
    probabilities = F.softmax(F.linear(x, projection["router"]), dim=-1, dtype=torch.float32)
    best, chosen = torch.topk(probabilities, TOP_K, dim=-1)
    gates = best / best.sum(dim=-1, keepdim=True)
    if FORM == "batched":
        weights = torch.zeros_like(probabilities).scatter(1, chosen, gates) * SCALING
        a, b = projection["experts"][0]
        hidden = torch.einsum("ti,eri->ter", F.dropout(x, dropout) if dropout else x, a)
        return base + torch.einsum("ter,eor->to", hidden * weights[:, :, None], b)
    update = torch.zeros_like(base)
    # [experts, top k, tokens]
    picks = F.one_hot(chosen, len(projection["experts"])).permute(2, 1, 0)
    for picked, pair in zip(picks, projection["experts"]):
        place, tokens = torch.where(picked)
        if tokens.shape[0] == 0:
            continue
        answer = lora(x[tokens], pair, dropout) * gates[tokens, place, None]
        update.index_add_(0, tokens, answer)
    return base + update


def rms_norm(x, gain, epsilon):
    return gain * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + epsilon))


def rotation(config, length):
    size = config["head_dim"]
    frequencies = config["rope_theta"] ** (-torch.arange(0, size, 2) / size)
    angles = torch.outer(torch.arange(length), frequencies).repeat(1, 2)
    return angles.cos(), angles.sin()


def rotate(x, cosines, sines):
    first, second = x.chunk(2, dim=-1)
    return x * cosines + torch.cat((-second, first), dim=-1) * sines


def loss_of(base, adapter, ids, config, dropout):
    """Mean cross-entropy of every token given those before it; ids [rows, length]."""
    rows, length = ids.shape
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    size, epsilon = config["head_dim"], config["rms_norm_eps"]
    angles = rotation(config, length)
    mask = torch.full((length, length), -torch.inf).triu(1)

    def split(x, count):
        return x.view(rows, length, count, size).transpose(1, 2)

    x = F.embedding(ids, base["embedding"]).view(rows * length, -1)
    for weights, projections in zip(base["blocks"], adapter):

        def project(x, name):
            return adapted(x, weights[name], projections[name], dropout)

        h = rms_norm(x, weights["attention_norm"], epsilon)
        q = rotate(split(project(h, "q_proj"), heads), *angles)
        k = rotate(split(project(h, "k_proj"), groups), *angles)
        v = split(project(h, "v_proj"), groups)
        k, v = (y.repeat_interleave(heads // groups, dim=1) for y in (k, v))
        scores = q @ k.transpose(2, 3) * size**-0.5 + mask
        h = (F.softmax(scores, dim=-1) @ v).transpose(1, 2).reshape(rows * length, -1)
        x = x + project(h, "o_proj")
        h = rms_norm(x, weights["feed_forward_norm"], epsilon)
        x = x + project(F.silu(project(h, "gate_proj")) * project(h, "up_proj"), "down_proj")
    logits = F.linear(rms_norm(x, base["norm"], epsilon), base["embedding"])
    logits = logits.view(rows, length, -1)[:, :-1].reshape(rows * (length - 1), -1)
    return F.cross_entropy(logits, ids[:, 1:].reshape(-1))


def training(config, experts, dropout, rows, length):
    """A function that takes one step on new tokens, and how many parameters it trains."""
    torch.manual_seed(10)
    base, adapter = frozen_base(config), initial_adapter(config, experts)
    trained = list(parameters(adapter))
    optimizer = torch.optim.AdamW(trained, lr=LEARNING_RATE, weight_decay=0)

    def step():
        ids = torch.randint(config["vocab_size"], (rows, length))
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(base, adapter, ids, config, dropout)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, LARGEST_NORM)
        optimizer.step()
        return loss.item()

    return step, sum(parameter.numel() for parameter in trained)


def main():
    step = None
    print(json.dumps({"version": f"torch {torch.__version__}", "threads": torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        if "config" in question:
            step, count = training(**question)
            answer = {"parameters": count}
        else:
            wall, processor = time.perf_counter(), time.process_time()
            loss = step()
            answer = {
                "seconds": time.perf_counter() - wall,
                "processorSeconds": time.process_time() - processor,
                "loss": loss,
            }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
