"""Tiny mixtures of random weights as transformers has them: in folders, in a GGUF file, and what they compute."""

import json
import os
import re

import gguf
import numpy
import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM

COMMON = {
    "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
    "vocab_size": 40, "max_position_embeddings": 64, "bos_token_id": 1, "eos_token_id": None,
    "pad_token_id": 0,
}  # fmt: skip


def write(case):
    """Makes the model of `case` in `folder`, and what else is asked for beside it."""
    torch.manual_seed(case.get("seed", 0))
    config = AutoConfig.for_model(case["type"], **{**COMMON, **case["settings"]})
    model = AutoModelForCausalLM.from_config(config).float().eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.normal_(0, 0.3)
            if "norm" in name:
                parameter.add_(1)
    model.save_pretrained(case["folder"])
    if case.get("stacked"):
        model.save_pretrained(case["stacked"], save_original_format=False)
    if case.get("gguf"):
        write_gguf(case["folder"], case["gguf"], case["architecture"])
    return model


def write_gguf(folder, path, architecture):
    """As convert_hf_to_gguf.py of llama.cpp: experts of a block in one tensor, heads of Llama in turns."""
    config = json.load(open(os.path.join(folder, "config.json")))
    heads, keys = config["num_attention_heads"], config["num_key_value_heads"]
    size = config.get("head_dim") or config["hidden_size"] // heads
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(keys)
    writer.add_key_length(size)
    writer.add_value_length(size)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_expert_count(config.get("num_experts") or config["num_local_experts"])
    writer.add_expert_used_count(config["num_experts_per_tok"])
    if "moe_intermediate_size" in config:
        writer.add_expert_feed_forward_length(config["moe_intermediate_size"])

    def permute(w, n):
        return w.reshape(n, 2, w.shape[0] // n // 2, -1).swapaxes(1, 2).reshape(w.shape)

    arch = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture)
    names = gguf.get_tensor_name_map(arch, config["num_hidden_layers"])
    experts = {}
    for name, tensor in load_file(os.path.join(folder, "model.safetensors")).items():
        w = tensor.float().numpy()
        found = re.fullmatch(r"(.*\.experts)\.(\d+)\.(\w+\.weight)", name)
        if found:
            experts.setdefault(f"{found[1]}.{found[3]}", {})[int(found[2])] = w
            continue
        if architecture == "llama" and ".q_proj." in name:
            w = permute(w, heads)
        if architecture == "llama" and ".k_proj." in name:
            w = permute(w, keys)
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight",)), numpy.ascontiguousarray(w))
    for name, own in experts.items():
        stacked = numpy.stack([own[i] for i in range(len(own))])
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight",)), stacked)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def logits(model, rows):
    """Of each row by itself, at every position."""
    with torch.no_grad():
        return [model(torch.tensor([row])).logits[0].tolist() for row in rows]


def gates(model, row):
    """Of each block that is a mixture, what the router gives its experts: of each token, zero where not chosen."""
    found = []

    def keep(module, given, routed):
        logits, weights, chosen = routed
        found.append(torch.zeros_like(logits).scatter(-1, chosen, weights.to(logits.dtype)).tolist())

    hooks = [
        module.register_forward_hook(keep)
        for name, module in model.named_modules()
        if re.fullmatch(r"model\.layers\.\d+\.mlp\.gate", name)
    ]
    with torch.no_grad():
        model(torch.tensor([row]))
    for hook in hooks:
        hook.remove()
    return found


def greedy(model, prompts, tokens):
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    out = model.generate(ids, attention_mask=mask, max_new_tokens=tokens, do_sample=False)
    return out[:, longest:].tolist()


PLACES = {"gate_proj": 0, "w1": 0, "up_proj": 1, "w3": 1}


def slopes(model, rows, adapter, scaling):
    """The loss of the rows with one LoRA for each module of `adapter`, and the gradients of its factors."""
    factors = {
        name: torch.tensor(values, requires_grad=True)
        for name, values in adapter.items()
    }
    parameters = dict(model.named_parameters())
    changed = {}
    for module in {name.rsplit(".", 1)[0] for name in factors}:
        change = scaling * (factors[f"{module}.lora_A"] @ factors[f"{module}.lora_B"]).T
        found = re.fullmatch(r"(model\.layers\.\d+)\.\w+\.experts\.(\d+)\.(\w+)", module)
        if not found:
            name = f"{module}.weight"
            changed[name] = parameters[name] + change
            continue
        block, expert, role = found[1], int(found[2]), found[3]
        half = PLACES.get(role)
        name = f"{block}.mlp.experts.{'down_proj' if half is None else 'gate_up_proj'}"
        whole = changed.get(name, parameters[name])
        rows_of = slice(None) if half is None else slice(half * change.shape[0], (half + 1) * change.shape[0])
        added = torch.zeros_like(whole)
        added[expert, rows_of] = 1
        spread = torch.zeros_like(whole[0])
        spread = spread.index_add(0, torch.arange(spread.shape[0])[rows_of], change)
        changed[name] = whole + added * spread
    for parameter in parameters.values():
        parameter.requires_grad_(False)
    losses = []
    for row in rows:
        ids = torch.tensor([row])
        out = torch.func.functional_call(model, changed, (ids,)).logits[0, :-1]
        losses.append(torch.nn.functional.cross_entropy(out, ids[0, 1:], reduction="none"))
    loss = torch.cat(losses).mean()
    loss.backward()
    return {
        "loss": float(loss),
        "gradients": {
            name: (torch.zeros_like(f) if f.grad is None else f.grad).tolist()
            for name, f in factors.items()
        },
    }
