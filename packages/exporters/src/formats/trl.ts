/**
 * `trl_lora.py` for TRL (huggingface.co/docs/trl), whose trainers take a `LoraConfig` as `peft_config`; on
 * its command line there is one rank for all modules. Run by itself, the file trains with `SFTTrainer`, by
 * the arguments of `SFTConfig` (1.16).
 */
import type { Allocation } from '@alphalora/contracts';
import type { Exporter } from '@alphalora/contracts/extensions';
import { type TaskOptions, taskOptions } from '../shared/lora/options.js';
import { loraArguments } from '../shared/lora/peft-config.js';
import { loraFile } from '../shared/lora/python-file.js';

export const trl: Exporter<Allocation, TaskOptions> = {
  name: 'trl',
  kinds: ['allocation'],
  units: ['experts', 'rank', 'selection'],
  options: taskOptions,
  export(allocation, options) {
    const { config, notes } = loraArguments(allocation, 'trl', options);
    const text = loraFile({ trainer: 'TRL', usage, imports, notes, config, program });
    return { files: { 'trl_lora.py': text }, notes };
  },
};

const usage = `
    python trl_lora.py --model_name_or_path <model> --dataset_name <name or data.jsonl> \\
        --output_dir <adapter> --learning_rate 2e-4

trains with SFTTrainer; further options are those of SFTConfig. In a program of your own, any trainer of TRL:

    from trl_lora import peft_config

    trainer = SFTTrainer(model, args=args, train_dataset=data, peft_config=peft_config())
`;

const imports = `
from dataclasses import dataclass, field
`;

const program = `
def peft_config():
    """A new LoraConfig, as trainers may change theirs."""
    from copy import deepcopy

    from peft import LoraConfig

    return LoraConfig(**deepcopy(LORA))


@dataclass
class Arguments:
    model_name_or_path: str = field(metadata={"help": "Name or folder of the model."})
    dataset_name: str = field(metadata={"help": "Name of the dataset, or a file of JSON lines."})
    dataset_train_split: str = field(default="train", metadata={"help": "Its split to train on."})


def main():
    from datasets import load_dataset
    from trl import SFTConfig, SFTTrainer, TrlParser

    own, training = TrlParser((Arguments, SFTConfig)).parse_args_and_config()
    is_file = own.dataset_name.endswith((".json", ".jsonl"))
    place = {"path": "json", "data_files": own.dataset_name} if is_file else {"path": own.dataset_name}
    data = load_dataset(split=own.dataset_train_split, **place)
    trainer = SFTTrainer(own.model_name_or_path, args=training, train_dataset=data, peft_config=peft_config())
    trainer.train(resume_from_checkpoint=training.resume_from_checkpoint)
    trainer.save_model(training.output_dir)


if __name__ == "__main__":
    main()
`;
