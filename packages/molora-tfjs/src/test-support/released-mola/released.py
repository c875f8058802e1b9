"""Runs the released code of MoLA and AlphaLoRA, for the numbers beside this file. The tests run nothing of it.

    git clone https://github.com/peijunallin/alphalora   # 41cb6e2; its layer is that of GCYZSL/MoLA, 01785c8
    pip install torch==2.6.0 transformers==4.42.3 peft==0.4.0 accelerate==0.27.2 numpy==1.26.0 safetensors==0.4.3
    cd alphalora
    python .../released.py make .../released-mola
    python .../released.py own .../released-mola
    alphalora adapter convert .../released-mola/own --to mola --base .../released-mola/base -o own-mola
    python .../released.py load .../released-mola own-mola 1,3,2 1,2,1

`make` writes a small random Llama (base/), an adapter of it as the released code saves it (adapter/, with
adapter_model.bin), and its logits. `own` writes one as alphalora's train does, of what the released code has no
place for: ranks and scalings of their own, projections left alone. `load` writes the logits that the released code
has with the converted one, and refuses one of which it leaves out a tensor.
"""

import hashlib
import json
import sys
from pathlib import Path

import torch
from transformers import LlamaConfig

sys.path.insert(0, ".")
from src.mola_lora_hacked import LoraConfig  # noqa: E402
from src.mola_mapping_hacked import get_peft_model  # noqa: E402
from src.mola_modeling_llama_hacked import LlamaForCausalLM_d  # noqa: E402
from src.mola_peft_model_hacked import PeftModel  # noqa: E402

TARGETS = "q_proj,v_proj,k_proj,o_proj,gate_proj,down_proj,up_proj".split(",")
EXPERTS, RANKS, TOP_K = [1, 3, 2], [2, 4, 3], [1, 2, 2]
TOKENS = [[1, 9, 4, 30, 22, 7, 15, 2, 11, 5], [3, 3, 28, 17, 6, 0, 19, 31, 8, 12]]


def llama():
    return LlamaConfig(
        **{"vocab_size": 32, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3},
        **{"num_attention_heads": 4, "num_key_value_heads": 4, "max_position_embeddings": 64},
        **{"tie_word_embeddings": False, "torch_dtype": "float32"},
    )


def base_of(folder, targets=TARGETS):
    config = LlamaConfig.from_pretrained(folder)
    config.lora_target_modules = targets
    config._attn_implementation = "eager"
    return LlamaForCausalLM_d.from_pretrained(folder, config=config)


def logits_of(model):
    model.eval()
    with torch.no_grad():
        return model(input_ids=torch.tensor(TOKENS)).logits.double().tolist()


def make(folder):
    torch.manual_seed(7)
    config = llama()
    config.lora_target_modules = TARGETS
    base = LlamaForCausalLM_d(config)
    for parameter in base.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.25)
    base.save_pretrained(folder / "base")
    # What the library of its day adds to the configuration is nothing of a Llama's.
    written = json.loads((folder / "base/config.json").read_text())
    written.pop("lora_target_modules")
    written["architectures"] = ["LlamaForCausalLM"]
    (folder / "base/config.json").write_text(json.dumps(written, indent=2) + "\n")
    lora = LoraConfig(
        **{"r": RANKS, "lora_alpha": 16, "target_modules": TARGETS, "lora_dropout": 0.05},
        **{"bias": "none", "task_type": "CAUSAL_LM"},
    )
    model = get_peft_model(base_of(folder / "base"), lora, number_experts=EXPERTS, top_k=TOP_K)
    model.get_new_parameters(EXPERTS, TOP_K, False)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
        if "router" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    model.save_pretrained(folder / "adapter")
    (folder / "adapter/README.md").unlink()
    named = folder / "adapter/adapter_config.json"
    said = json.loads(named.read_text())
    named.write_text(json.dumps({**said, "base_model_name_or_path": "base"}, indent=2) + "\n")
    facts = {"tokens": TOKENS, "trained": trained, "logits": logits_of(model)}
    (folder / "adapter-logits.json").write_text(json.dumps(facts) + "\n")


def own(folder):
    from safetensors.torch import save_file

    torch.manual_seed(11)
    sides = {"self_attn.q_proj": (16, 16), "self_attn.v_proj": (16, 16), "mlp.down_proj": (24, 16)}
    blocks = [([3], [16 / 3], 1), ([2, 4, 1], [8.0, 4.0, 16.0], 2), ([4, 4], [4.0, 1.0], 1)]
    tensors, projections = {}, []
    for block, (ranks, scalings, top_k) in enumerate(blocks):
        for role, (inputs, outputs) in sides.items():
            if block == 1 and role == "mlp.down_proj":
                continue
            name = f"model.layers.{block}.{role}"
            said = {"name": name, "block": block, "role": role.split(".")[1]}
            said |= {"inputs": inputs, "outputs": outputs, "ranks": ranks, "scalings": scalings}
            projections.append({**said, "topK": top_k})
            at = f"base_model.model.{name}"
            for expert, rank in enumerate(ranks):
                end = "weight" if len(ranks) == 1 else f"{expert}.weight"
                join = "." if len(ranks) == 1 else "_"
                tensors[f"{at}.lora_A{join}{end}"] = torch.randn(rank, inputs) * 0.3
                tensors[f"{at}.lora_B{join}{end}"] = torch.randn(outputs, rank) * 0.1
            if len(ranks) > 1:
                tensors[f"{at}.router.router.weight"] = torch.randn(len(ranks), inputs)
    (folder / "own").mkdir(exist_ok=True)
    save_file(tensors, folder / "own/adapter_model.safetensors", {"format": "pt"})
    router = {"name": "top-k", "options": {}}
    section = {"version": 1, "projections": projections, "router": router, "dropout": 0.05}
    config = {"peft_type": "MOLORA", "base_model_name_or_path": "base", "lora_dropout": 0.05}
    text = json.dumps({**config, "molora": section}, indent=1)
    (folder / "own/adapter_config.json").write_text(text + "\n")


def load(folder, adapter, experts, top_k):
    from safetensors.torch import load_file

    targets = json.loads(Path(adapter, "adapter_config.json").read_text())["target_modules"]
    model = PeftModel.from_pretrained(
        base_of(folder / "base", targets), adapter, number_experts=experts, top_k=top_k
    )
    model.get_new_parameters(experts, top_k, False)
    loaded = model.state_dict()
    for name, tensor in load_file(f"{adapter}/adapter_model.safetensors").items():
        head, marker, rest = name.partition(".lora_")
        letter, _, number = rest.removesuffix(".weight").partition("_")
        inside = f"{head}.lora_{letter}.default_{number}.weight" if marker else name
        if inside not in loaded or not torch.equal(loaded.pop(inside), tensor):
            raise SystemExit(f"{name} was not loaded")
    left = [name for name in loaded if "lora_" in name or "router" in name]
    if left:
        raise SystemExit(f"not in the file: {', '.join(left[:5])}")
    digest = hashlib.sha256(Path(adapter, "adapter_model.safetensors").read_bytes()).hexdigest()
    facts = {"tokens": TOKENS, "sha256": digest, "logits": logits_of(model)}
    (folder / "own-logits.json").write_text(json.dumps(facts) + "\n")


if __name__ == "__main__":
    command, folder, *rest = sys.argv[1:]
    if command in ("make", "own"):
        (make if command == "make" else own)(Path(folder))
    else:
        adapter, experts, top_k = rest
        counts = [[int(count) for count in text.split(",")] for text in (experts, top_k)]
        load(Path(folder), adapter, *counts)
