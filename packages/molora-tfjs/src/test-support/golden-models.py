"""Tiny random models of several families with what transformers 5.24 computes: weights, times 1024, logits of a
prompt, greedy texts.

    python golden-models.py > golden-models.json
"""
import json
import torch
from transformers import AutoConfig, AutoModelForCausalLM

TOKENS = dict(vocab_size=17, bos_token_id=1, eos_token_id=2, pad_token_id=0)
GPT_TOKENS = {name: id for name, id in TOKENS.items() if name != "pad_token_id"}
LIKE_LLAMA = dict(**TOKENS, hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=2,
                  num_key_value_heads=1, max_position_embeddings=12)
CASES = [
    dict(model_type="gpt2", **GPT_TOKENS, n_embd=8, n_layer=2, n_head=2, n_positions=12, n_inner=12),
    dict(model_type="gpt_neox", **GPT_TOKENS, hidden_size=8, intermediate_size=12, num_hidden_layers=2,
         num_attention_heads=2, max_position_embeddings=12, rotary_pct=0.5, use_parallel_residual=True),
    dict(model_type="qwen3", **LIKE_LLAMA, head_dim=6, use_sliding_window=True, sliding_window=3,
         max_window_layers=1, tie_word_embeddings=True),
    dict(model_type="olmo2", **LIKE_LLAMA, rope_theta=500.0),
    dict(model_type="smollm3", **LIKE_LLAMA, no_rope_layers=[1, 0]),
    # Positions of long texts from the second token on, so that texts of one batch have the same.
    dict(model_type="phi3", **LIKE_LLAMA, sliding_window=4, original_max_position_embeddings=1,
         rope_parameters=dict(rope_type="longrope", rope_theta=100.0, partial_rotary_factor=0.5,
                              attention_factor=1.2, short_factor=[1.0], long_factor=[3.0])),
    dict(model_type="gemma2", **LIKE_LLAMA, head_dim=6, query_pre_attn_scalar=10, sliding_window=3,
         attn_logit_softcapping=1.5, final_logit_softcapping=2.5),
    dict(model_type="gemma3_text", **LIKE_LLAMA, head_dim=6, query_pre_attn_scalar=10, sliding_window=3,
         layer_types=["sliding_attention", "full_attention"],
         rope_parameters=dict(full_attention=dict(rope_type="linear", factor=8.0, rope_theta=1000.0),
                              sliding_attention=dict(rope_type="default", rope_theta=100.0))),
]
PROMPTS = [[1, 5, 9, 2, 16, 0], [3, 11]]

out = []
for settings in CASES:
    torch.manual_seed(1)
    config = AutoConfig.for_model(**settings)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn_like(parameter) * (0.3 if parameter.ndim == 1 else parameter.shape[-1] ** -0.5)
            parameter.copy_(((parameter if parameter.ndim == 1 else 0) + noise).mul(1024).round().div(1024))
    def logits(ids):
        with torch.no_grad():
            return model(torch.tensor([ids]), use_cache=False).logits[0]
    texts = []
    for ids in PROMPTS:
        text = list(ids)
        for _ in range(5):
            text.append(int(logits(text)[-1].argmax()))
        texts.append(text[len(ids):])
    names = [name for name, _ in model.named_parameters()]
    # The output layer of GPT-NeoX has another name in files.
    stored = lambda name: name.replace("lm_head", "embed_out") if settings["model_type"] == "gpt_neox" else name
    weights = {stored(name): model.state_dict()[name] for name in names}
    out.append(dict(config=settings, prompts=PROMPTS, texts=texts,
        logits=[round(x, 6) for x in logits(PROMPTS[0]).flatten().tolist()],
        weights={name: dict(shape=list(w.shape), values=[int(x * 1024) for x in w.flatten().tolist()])
                 for name, w in weights.items()}))
print(json.dumps(out))
