"""Tiny random GPT-2 and GPT-NeoX with what transformers 5.24 computes: weights, logits of a prompt, greedy texts.

    python gpt-models.py > gpt-models.json
"""
import json
import torch
from transformers import AutoConfig, AutoModelForCausalLM

TOKENS = dict(vocab_size=17, bos_token_id=1, eos_token_id=2)
CASES = [
    dict(model_type="gpt2", **TOKENS, n_embd=8, n_layer=2, n_head=2, n_positions=12, n_inner=12),
    dict(model_type="gpt_neox", **TOKENS, hidden_size=8, intermediate_size=12, num_hidden_layers=2,
         num_attention_heads=2, max_position_embeddings=12, rotary_pct=0.5, use_parallel_residual=True),
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
            return model(torch.tensor([ids])).logits[0]
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
        weights={name: dict(shape=list(w.shape), values=w.flatten().tolist()) for name, w in weights.items()}))
print(json.dumps(out))
