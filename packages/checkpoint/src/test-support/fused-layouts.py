"""
How the modeling code of transformers takes fused projections apart, as JSON:

    python fused-layouts.py > fused-layouts.json    # transformers 5.24.0, torch 2.6

In a small model of each family the fused layer is replaced by one whose outputs are their own numbers. What
reaches the attention function, or the activation of a gated feed-forward part, tells the order of the rows.
"""
import importlib, json
import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from transformers import AutoConfig, AutoModel
from transformers.conversion_mapping import get_checkpoint_conversion_mapping
from transformers.pytorch_utils import Conv1D


def numbers(size):
    return torch.arange(size, dtype=torch.float32)


class Numbered(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size, self.weight = size, torch.zeros(1)

    def forward(self, x):
        return numbers(self.size).expand(*x.shape[:-1], self.size).clone()


class Enough(Exception):
    """Everything that is asked for is known."""


class Splits(TorchFunctionMode):
    """The first division of a tensor of all the numbers."""

    def __init__(self, size, count):
        super().__init__()
        self.size, self.count, self.parts, self.taken = size, count, None, []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        name = getattr(function, '__name__', '')
        if name in ('split', 'chunk', 'unbind') and self.is_numbered(args[0]) and len(result) > 1:
            self.parts = result
            raise Enough
        if name == '__getitem__' and self.is_numbered(args[0]):
            self.taken.append(result)
            if len(self.taken) == self.count:
                self.parts = self.taken
                raise Enough
        return result

    def is_numbered(self, tensor):
        return tensor.numel() == self.size and tensor.min() == 0 and tensor.max() == self.size - 1


def indices(tensor):
    return tensor.detach().reshape(-1).round().int().tolist()


def until_known(run):
    try:
        with torch.no_grad():
            run()
    except Enough:
        pass


KEPT = ('model_type', 'head', 'hidden', 'n_embd', 'd_model', 'multi_query', 'new_decoder', 'linear_', 'attn_config', 'kv_')


def answer(config, name, weight, parts):
    kept = {key: value for key, value in config.to_dict().items() if any(part in key for part in KEPT)}
    if 'attn_config' in kept:
        kept['attn_config'] = {'kv_n_heads': kept['attn_config'].get('kv_n_heads')}
    return {'config': kept, 'name': name, 'shape': list(weight.shape), 'parts': parts}


class Model:
    """A small model, and its fused layer."""

    def __init__(self, family, config, name, cls=None):
        self.config = AutoConfig.for_model(family, **config)
        auto = getattr(importlib.import_module(f'transformers.models.{cls[0]}.modeling_{cls[0]}'), cls[1]) if cls else AutoModel
        make = auto._from_config if cls else auto.from_config
        self.model = make(self.config, attn_implementation='eager').eval()
        modules = dict(self.model.named_modules())
        self.name, layer = name, modules[name]
        parent, _, last = name.rpartition('.')
        self.owner = modules[parent]
        self.weight = getattr(layer, 'weight', None)
        if self.weight is not None:
            self.size = self.weight.shape[1 if isinstance(layer, Conv1D) else 0]
            setattr(self.owner, last, Numbered(self.size))

    def answer(self, parts):
        return answer(self.config, self.name + '.weight', self.weight, parts)


def attended(family, config, name, run=lambda model: model(input_ids=torch.tensor([[1]]), use_cache=False)):
    """Queries, keys and values of the first position, where rotations leave them as they are."""
    model = Model(family, config, name)
    modeling = importlib.import_module(type(model.model).__module__)
    found = {}

    def capture(module, query, key, value, *args, **kwargs):
        found.update(q=indices(query), k=indices(key), v=indices(value))
        raise Enough

    modeling.eager_attention_forward = capture
    until_known(lambda: run(model.model))
    return model.answer(found)


def divided(labels, family, config, name, call, cls=None):
    """The parts by the names of the variables that the code divides into."""
    model = Model(family, config, name, cls)
    with Splits(model.size, len(labels)) as splits:
        until_known(lambda: call(model.owner))
    return model.answer({label: indices(part) for label, part in zip(labels, splits.parts)})


def called(labels, family, config, name, method):
    """What a method returns that divides the outputs."""
    model = Model(family, config, name)
    parts = method(model.owner, numbers(model.size).view(1, 1, -1))
    return model.answer({label: indices(part) for label, part in zip(labels, parts)})


class Capture(nn.Module):
    def __init__(self, found):
        super().__init__()
        self.found = found

    def forward(self, x):
        self.found['gate'] = indices(x)
        raise Enough


def rest(size, gate):
    return {'gate': gate, 'up': [i for i in range(size) if i not in gate]}


def gated(family, config, name, activation):
    """The half that the activation is applied to is the gate."""
    model = Model(family, config, name)
    found = {}
    setattr(model.owner, activation, Capture(found))
    until_known(lambda: model.owner(torch.zeros(1, 1, model.weight.shape[1])))
    return model.answer(rest(model.size, found['gate']))


def experts(family, config, name):
    """Experts in one parameter: for an input of a one and zeros, the outputs of each are their numbers."""
    model = Model(family, config, name)
    owner = dict(model.model.named_modules())[name]
    weight, hidden, found = owner.gate_up_proj, model.config.hidden_size, {}
    axis = 2 if weight.shape[1] == hidden else 1
    size = weight.shape[axis]
    with torch.no_grad():
        weight.zero_()
        weight.select(3 - axis, 0)[:] = numbers(size)
    x = torch.zeros(weight.shape[0], hidden)
    x[:, 0] = 1
    if family == 'gpt_oss':
        with Splits(size, 2) as splits:
            until_known(lambda: owner._apply_gate(numbers(size)))
        found['gate'] = indices(splits.parts[0])
    else:
        owner.act_fn = Capture(found)
        one = (torch.tensor([[0]]), torch.ones(1, 1))
        until_known(lambda: owner(x) if family == 'llama4_text' else owner(x[:1], *one))
    return answer(model.config, name + '.gate_up_proj', weight, rest(size, found['gate'][: size // 2]))


def deberta():
    """Its forward pass divides the weight; these are its lines, on numbered rows."""
    model = Model('deberta', small, 'encoder.layer.0.attention.self.in_proj')
    heads = model.config.num_attention_heads
    ws = numbers(48).chunk(heads * 3)
    parts = [torch.cat([ws[i * 3 + k] for i in range(heads)]) for k in range(3)]
    return model.answer(dict(zip('qkv', map(indices, parts))))


QKV, one = 'qkv', torch.zeros(1, 1, 16)
small = dict(hidden_size=16, num_attention_heads=4, num_hidden_layers=1, vocab_size=8, intermediate_size=12, pad_token_id=0)
gpt = dict(n_embd=16, n_head=4, n_layer=1, vocab_size=8)
grouped = small | dict(num_key_value_heads=2, head_dim=4)
moe = grouped | dict(num_experts=2, num_local_experts=2, num_experts_per_tok=1, moe_intermediate_size=6)
bert = small | dict(bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2)
dbrx = dict(d_model=16, n_heads=4, n_layers=1, vocab_size=8, ffn_config=dict(ffn_hidden_size=8, moe_num_experts=2, moe_top_k=1))
attention = dict(attn_config=dict(kv_n_heads=2, rope_theta=1e4, clip_qkv=1e9))
linear = moe | dict(layer_types=['linear_attention'], linear_num_key_heads=2, linear_num_value_heads=4, linear_key_head_dim=2, linear_value_head_dim=4)
sam = dict(hidden_size=16, num_attention_heads=4, num_hidden_layers=1, image_size=4, patch_size=4, output_channels=4, mlp_dim=8, global_attn_indexes=[0])
blip = dict(hidden_size=16, num_attention_heads=4, num_hidden_layers=1, intermediate_size=8, image_size=4, patch_size=4)
vision = dict(num_heads=4, depth=1, hidden_size=16, patch_size=2)
jetmoe = dict(hidden_size=16, num_hidden_layers=1, num_key_value_heads=2, kv_channels=4, intermediate_size=8, num_local_experts=2, num_experts_per_tok=1, vocab_size=8, pad_token_id=0)
unturned = (torch.ones(1, 4), torch.zeros(1, 4))
image = lambda owner: owner(one[0], torch.tensor([0, 1]), position_embeddings=unturned)

layouts = [
    attended('gpt2', gpt, 'h.0.attn.c_attn'),
    divided('kv', 'gpt2', gpt | dict(add_cross_attention=True), 'h.0.crossattention.c_attn', lambda o: o(one, encoder_hidden_states=one)),
    divided(QKV, 'openai-gpt', gpt, 'h.0.attn.c_attn', lambda o: o(one)),
    divided(QKV, 'imagegpt', gpt, 'h.0.attn.c_attn', lambda o: o(one)),
    attended('decision_transformer', dict(hidden_size=16, n_head=4, n_layer=1), 'encoder.h.0.attn.c_attn', lambda m: m.encoder(inputs_embeds=one)),
    attended('gpt_bigcode', gpt, 'h.0.attn.c_attn'),
    attended('gpt_bigcode', gpt | dict(multi_query=False), 'h.0.attn.c_attn'),
    attended('codegen', gpt | dict(rotary_dim=2), 'h.0.attn.qkv_proj'),
    attended('codegen', gpt | dict(n_head=8, rotary_dim=2), 'h.0.attn.qkv_proj'),
    attended('gpt_neox', small, 'layers.0.attention.query_key_value'),
    divided(QKV, 'gpt_neox_japanese', small, 'layers.0.attention.query_key_value', lambda o: o(one, None, position_ids=torch.zeros(1, 1), position_embeddings=(one, one))),
    called(QKV, 'bloom', dict(hidden_size=16, n_head=4, n_layer=1, vocab_size=8), 'h.0.self_attention.query_key_value', lambda o, x: o._reshape(x)),
    called(QKV, 'falcon', small | dict(multi_query=False), 'h.0.self_attention.query_key_value', lambda o, x: o._split_heads(x)),
    called(QKV, 'falcon', small | dict(multi_query=True), 'h.0.self_attention.query_key_value', lambda o, x: o._split_heads(x)),
    attended('persimmon', small | dict(qk_layernorm=False), 'layers.0.self_attn.query_key_value'),
    attended('phi3', small | dict(num_key_value_heads=2), 'layers.0.self_attn.qkv_proj'),
    divided(QKV, 'minimax', moe | dict(layer_types=['linear_attention']), 'layers.0.self_attn.qkv_proj', lambda o: o(one, None, None)),
    divided(QKV, 'mpt', dict(d_model=16, n_heads=4, n_layers=1, vocab_size=8), 'blocks.0.attn.Wqkv', lambda o: o(one, one)),
    attended('dbrx', dbrx | attention, 'blocks.0.norm_attn_norm.attn.Wqkv'),
    attended('modernbert', bert, 'layers.0.attn.Wqkv'),
    deberta(),
    divided('kv', 'jetmoe', jetmoe, 'layers.0.self_attention.kv_proj', lambda o: o(one)),
    divided(QKV, 'blip_2_vision_model', blip, 'encoder.layers.0.self_attn.qkv', lambda o: o(one), ('blip_2', 'Blip2VisionModel')),
    divided(QKV, 'sam_vision_model', sam, 'vision_encoder.layers.0.attn.qkv', lambda o: o(one.view(1, 1, 1, 16))),
    divided(QKV, 'qwen2_vl_vision', vision | dict(embed_dim=16), 'blocks.0.attn.qkv', image, ('qwen2_vl', 'Qwen2VisionTransformerPretrainedModel')),
    divided(QKV, 'qwen3_vl_vision', vision | dict(num_position_embeddings=16, intermediate_size=8, out_hidden_size=8, deepstack_visual_indexes=[]), 'blocks.0.attn.qkv', image),
    called('qkvz', 'qwen3_next', linear, 'layers.0.linear_attn.in_proj_qkvz', lambda o, x: o.fix_query_key_value_ordering(x, torch.zeros(1, 1, 8))[:4]),
    called('ba', 'qwen3_next', linear, 'layers.0.linear_attn.in_proj_ba', lambda o, x: o.fix_query_key_value_ordering(torch.zeros(1, 1, 40), x)[4:]),
    divided(('q', 'gate'), 'qwen3_next', moe | dict(layer_types=['full_attention']), 'layers.0.self_attn.q_proj', lambda o: o(one, (one, one), None)),
    gated('phi3', small, 'layers.0.mlp.gate_up_proj', 'activation_fn'),
    gated('glm4', grouped, 'layers.0.mlp.gate_up_proj', 'activation_fn'),
    gated('modernbert', bert, 'layers.0.mlp.Wi', 'act'),
    gated('granitemoeshared', moe | dict(shared_intermediate_size=12), 'layers.0.shared_mlp.input_linear', 'activation'),
    experts('gpt_oss', moe, 'layers.0.mlp.experts'),
    experts('llama4_text', moe | dict(intermediate_size_mlp=12, moe_layers=[0]), 'layers.0.feed_forward.experts'),
    experts('qwen3_moe', moe, 'layers.0.mlp.experts'),
    experts('mixtral', moe, 'layers.0.mlp.experts'),
]

# What checkpoints hold where the modeling code has the parts by themselves: halves or thirds, in this order.
chunked = {
    'nomic_bert': 'nomic_bert', 'gte': 'gte', 'jina_embeddings_v3': 'jina_embeddings_v3', 'Dinov2Model': 'dinov2',
    'Dinov2WithRegistersModel': 'dinov2_with_registers', 'radio': 'radio', 'hrm_text': 'hrm_text', 'sapiens2': 'sapiens2',
    'UnlimitedOcrVisionEncoder': 'unlimited_ocr', 'qianfan_ocr': 'qianfan_ocr', 'kimi_k25': 'kimi_k25',
    'Molmo2TextModel': 'molmo2',
}
chunks = [
    {'family': family, 'module': source.replace('\\', '').removesuffix('.weight'), 'parts': [target.replace('\\', '').removesuffix('.weight').split('.')[-1] for target in each.target_patterns]}
    for name, family in chunked.items()
    for each in get_checkpoint_conversion_mapping(name)
    for source in each.source_patterns
    if any(type(operation).__name__ == 'Chunk' for operation in getattr(each, 'operations', [])) and 'bias' not in source
]
print(json.dumps({'layouts': layouts, 'chunks': chunks}))
