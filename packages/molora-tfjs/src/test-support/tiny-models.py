"""Tiny random models of transformers: saved as folders and as GGUF files, with what they compute.

Reads from standard input {"folder", "cases": [{"name", "config", "gguf"?}]}; writes a folder for each case, and
<name>.json beside it: logits of prompts, greedy continuations, the loss of the first prompt under a LoRA on
every linear map of the blocks, and the gradients of that LoRA.
"""

import json
import sys

import numpy
import torch
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.pytorch_utils import Conv1D

given = json.load(sys.stdin)
torch.set_num_threads(1)
PROMPTS = [[(7 * i * i + 3 * i + 1) % 61 for i in range(24)], [5, 9, 2, 40, 7, 1], [3, 11]]
STEPS = 10
RANK = 2


def numbers(tensor):
    return tensor.detach().double().flatten().tolist()


def randomize(model):
    """Weights large enough that every part of the model matters."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.add_(torch.rand_like(parameter) - 0.5)
            else:
                parameter.copy_(torch.randn_like(parameter) / parameter.shape[-1] ** 0.5)


def write_gguf(model, path, arch, settings):
    import gguf

    config = model.config
    arch_id = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == arch)
    names = gguf.get_tensor_name_map(arch_id, config.num_hidden_layers)
    writer = gguf.GGUFWriter(path, arch)
    head_size = getattr(config, 'head_dim', None) or config.hidden_size // config.num_attention_heads
    writer.add_block_count(config.num_hidden_layers)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(head_size)
    writer.add_value_length(head_size)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    for key, value in settings.get('integers', {}).items():
        writer.add_uint32(f'{arch}.{key}', value)
    for key, value in settings.get('floats', {}).items():
        writer.add_float32(f'{arch}.{key}', value)
    for key, value in settings.get('texts', {}).items():
        writer.add_string(f'{arch}.{key}', value)
    for name, values in settings.get('tensors', {}).items():
        writer.add_tensor(name, numpy.array(values, dtype=numpy.float32))

    def permute(w, heads):
        return w.reshape(heads, 2, w.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(w.shape)

    for name, tensor in model.state_dict().items():
        if name == 'lm_head.weight' and config.tie_word_embeddings:
            continue
        w = tensor.numpy()
        if settings.get('interleaved') and '.q_proj.' in name:
            w = permute(w, config.num_attention_heads)
        if settings.get('interleaved') and '.k_proj.' in name:
            w = permute(w, config.num_key_value_heads)
        if settings.get('gainsFromOne') and name.endswith('norm.weight'):
            w = w + 1
        own = names.get_name(name, try_suffixes=('.weight', '.bias'))
        writer.add_tensor(own, numpy.ascontiguousarray(w))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def with_lora(model, loras):
    """Adds x A B to the output of each module."""

    def hook(a, b):
        return lambda module, inputs, output: output + inputs[0] @ a @ b

    modules = dict(model.named_modules())
    for name, (a, b) in loras.items():
        modules[name].register_forward_hook(hook(a, b))


for case in given['cases']:
    torch.manual_seed(1)
    settings = dict(case['config'])
    config = AutoConfig.for_model(settings.pop('model_type'), **settings)
    model = AutoModelForCausalLM.from_config(config, attn_implementation='eager').float().eval()
    randomize(model)
    folder = f'{given["folder"]}/{case["name"]}'
    model.save_pretrained(folder)
    if 'gguf' in case:
        write_gguf(model, f'{folder}.gguf', case['gguf']['arch'], case['gguf'])

    def logits(ids):
        return model(torch.tensor([ids]), use_cache=False).logits[0]

    with torch.no_grad():
        expected = [numbers(logits(ids)) for ids in PROMPTS]
        greedy = []
        for ids in PROMPTS:
            text = list(ids)
            for _ in range(STEPS):
                text.append(int(logits(text)[-1].argmax()))
            greedy.append(text[len(ids) :])

    loras = {}
    frozen = case.get('frozen', [])
    for name, module in model.named_modules():
        linear = isinstance(module, (torch.nn.Linear, Conv1D))
        if not linear or name == 'lm_head' or any(name.endswith(end) for end in frozen):
            continue
        conv = isinstance(module, Conv1D)
        inputs, outputs = module.weight.shape if conv else module.weight.shape[::-1]
        a = (torch.randn(inputs, RANK) / inputs**0.5).requires_grad_()
        b = (torch.randn(RANK, outputs) * 0.3).requires_grad_()
        loras[name] = (a, b)
    with_lora(model, loras)
    ids = PROMPTS[0]
    loss = torch.nn.functional.cross_entropy(logits(ids)[:-1], torch.tensor(ids[1:]))
    loss.backward()
    result = {
        'prompts': PROMPTS,
        'logits': expected,
        'greedy': greedy,
        'loss': loss.item(),
        'lora': {
            name: {
                'inputs': a.shape[0],
                'outputs': b.shape[1],
                'a': numbers(a),
                'b': numbers(b),
                'gradientA': numbers(a.grad),
                'gradientB': numbers(b.grad),
            }
            for name, (a, b) in loras.items()
        },
    }
    with open(f'{folder}.json', 'w') as file:
        json.dump(result, file)
