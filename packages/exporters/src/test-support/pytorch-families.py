"""
Small models of transformers with random values, and `molora.py` on them. Behind `peft-families.py`, whose
`on_disk` and `converted` say what a checkpoint and the model call each tensor.
"""
import os, sys, tempfile
import transformers as T

torch.set_num_threads(1)
COMMON = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, vocab_size=96, max_position_embeddings=64)
HEADS = dict(COMMON, head_dim=8)
VISION = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, image_size=28, patch_size=14)
BERT = {key: COMMON[key] for key in ('hidden_size', 'intermediate_size', 'num_hidden_layers', 'num_attention_heads', 'vocab_size')}
SPEECH = dict(d_model=32, encoder_ffn_dim=48, decoder_ffn_dim=48, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4, vocab_size=96)
IDS = dict(pad_token_id=0, bos_token_id=1, eos_token_id=2)

FAMILIES = {
    'llama': lambda: T.LlamaForCausalLM(T.LlamaConfig(**COMMON)),
    'qwen3': lambda: T.Qwen3ForCausalLM(T.Qwen3Config(**HEADS)),
    'gemma3': lambda: T.Gemma3ForConditionalGeneration(T.Gemma3Config(text_config=HEADS, vision_config=VISION)),
    'qwen2.5-vl': lambda: T.Qwen2_5_VLForConditionalGeneration(T.Qwen2_5_VLConfig(
        text_config=dict(COMMON, rope_parameters={'rope_type': 'default', 'rope_theta': 1e4, 'mrope_section': [1, 1, 2]}),
        vision_config=dict(depth=2, hidden_size=32, intermediate_size=48, out_hidden_size=32, num_heads=4, fullatt_block_indexes=[1]))),
    'mixtral': lambda: T.MixtralForCausalLM(T.MixtralConfig(**COMMON, num_local_experts=4)),
    'qwen3-moe': lambda: T.Qwen3MoeForCausalLM(T.Qwen3MoeConfig(**HEADS, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=16)),
    'gpt2': lambda: T.GPT2LMHeadModel(T.GPT2Config(n_embd=32, n_layer=3, n_head=4, vocab_size=96, n_positions=64, bos_token_id=1, eos_token_id=2)),
    'phi3': lambda: T.Phi3ForCausalLM(T.Phi3Config(**COMMON, **IDS)),
    'bert': lambda: T.BertForMaskedLM(T.BertConfig(**BERT)),
    't5': lambda: T.T5ForConditionalGeneration(T.T5Config(d_model=32, d_ff=48, d_kv=8, num_layers=2, num_decoder_layers=3, num_heads=4, vocab_size=96, decoder_start_token_id=0)),
    'whisper': lambda: T.WhisperForConditionalGeneration(T.WhisperConfig(**SPEECH, **IDS, num_mel_bins=16, max_source_positions=32, max_target_positions=32, decoder_start_token_id=1)),
    'vit': lambda: T.ViTForImageClassification(T.ViTConfig(**VISION)),
}


def small(name):
    torch.manual_seed(0)
    return FAMILIES[name]().eval()


def batch(name):
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(3, 90, (2, 9), generator=generator)
    if name == 'whisper':
        return dict(input_features=torch.randn(2, 16, 64, generator=generator), labels=ids)
    if name == 'vit':
        return dict(pixel_values=torch.randn(2, 3, 28, 28, generator=generator), labels=torch.tensor([0, 1]))
    return dict(input_ids=ids, labels=ids)


def logits(model, name):
    with torch.no_grad():
        return model.eval()(**batch(name)).logits


def applied(name, folder):
    sys.path.insert(0, folder)
    import molora

    base = small(name)
    model = molora.apply(small(name), folder)
    start = float((logits(model, name) - logits(base, name)).abs().max())
    for layer in model.molora.layers:
        torch.nn.init.normal_(layer.lora_B, std=0.1)
    model.train()(**batch(name)).loss.backward()
    still = [layer.name for layer in model.molora.layers for p in (layer.lora_A, layer.lora_B) if not p.grad.abs().sum() > 0]
    answer = logits(model, name)
    with tempfile.TemporaryDirectory() as out:
        molora.save(model, out)
        again = logits(molora.load(small(name), out), name)
    maps = (torch.nn.Linear, T.pytorch_utils.Conv1D)
    return {
        'start': start,
        'still': still,
        'effect': float((answer - logits(base, name)).abs().max()),
        'apart': float((answer - again).abs().max()),
        'paths': {path: [inner.name, inner.ranks] for path, inner in model.named_modules() if isinstance(inner, molora.MoloraLinear)},
        'maps': [path for path, inner in base.named_modules() if isinstance(inner, maps)],
    }


def answer(question):
    name, folder = question
    if folder is not None:
        return applied(name, folder)
    model = small(name)
    config = model.config.to_dict() | {'architectures': [type(model).__name__]}
    tensors = [[key, list(value.shape)] for key, value in on_disk(model).items()]
    return {'config': json.loads(json.dumps(config, default=str)), 'tensors': tensors, 'where': converted(model)}
