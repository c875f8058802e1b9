"""Fine-tunes a language model on a text, with the experts that `alphalora export --to pytorch` wrote.

    python train.py HuggingFaceTB/SmolLM2-135M experts input.txt trained
"""

import sys

from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

base, experts, text, output = sys.argv[1:]
sys.path.insert(0, experts)  # molora.py lies beside the configuration
import molora  # noqa: E402

tokenizer = AutoTokenizer.from_pretrained(base)
model = AutoModelForCausalLM.from_pretrained(base)
molora.apply(model, experts, router_loss=("load-balance", 0.001))

ids = tokenizer(open(text, encoding="utf-8").read())["input_ids"]
rows = [ids[start : start + 128] for start in range(0, len(ids) - 127, 128)]
settings = TrainingArguments(
    output_dir=f"{output}/run",
    per_device_train_batch_size=8,
    num_train_epochs=1,
    learning_rate=3e-4,
    report_to=[],
)
data = [{"input_ids": row, "labels": row} for row in rows]
molora.resumable(Trainer(model=model, args=settings, train_dataset=data)).train()
molora.save(model, output)
