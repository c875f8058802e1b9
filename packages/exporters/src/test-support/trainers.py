"""
Programs that train, on small models of transformers: what each makes of a file that is exported for it.
Of a program, the folder of the model and of the files: the modules that it gave a LoRA, with rank and
scaling, or the parameters that it left trainable.
"""
import json, os, runpy, subprocess, sys, warnings

warnings.filterwarnings('ignore')
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

torch.set_num_threads(1)


def made(folder):
    """A Llama of three blocks, with a tokenizer of words and a text to train on."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(
        vocab_size=60, hidden_size=16, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2,
        num_key_value_heads=2, attention_bias=True, pad_token_id=0, bos_token_id=1, eos_token_id=2,
    )).save_pretrained(folder)
    words = {word: i for i, word in enumerate(['<pad>', '<s>', '</s>', '<unk>', 'a', 'b', 'c', 'd'])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token='<unk>'))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token='<pad>', bos_token='<s>', eos_token='</s>', unk_token='<unk>',
    ).save_pretrained(folder)
    with open(f'{folder}/data.jsonl', 'w') as file:
        file.write((json.dumps({'text': 'a b c d'}) + '\n') * 2)


def adapted(model):
    base = 'base_model.model.'
    return {
        name.removeprefix(base): [layer.r['default'], layer.scaling['default']]
        for name, layer in model.named_modules()
        if hasattr(layer, 'lora_A') and layer.r
    }


def by_trl(model, files):
    """Its command line: one step of training, and the adapter that it leaves."""
    arguments = ['--model_name_or_path', model, '--dataset_name', f'{model}/data.jsonl', '--output_dir', f'{files}/out']
    settings = ['--max_steps', '1', '--report_to', 'none', '--use_cpu', 'true', '--disable_tqdm', 'true']
    done = subprocess.run([sys.executable, f'{files}/trl_lora.py', *arguments, *settings], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    from peft import PeftModel
    from safetensors.torch import load_file

    # The second matrix begins with zeros.
    weights = load_file(f'{files}/out/adapter_model.safetensors')
    assert any(value.abs().max() > 0 for name, value in weights.items() if 'lora_B' in name)
    return adapted(PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(model), f'{files}/out'))


def by_unsloth(model, files):
    from unsloth import FastLanguageModel

    get_peft_model = runpy.run_path(f'{files}/unsloth_lora.py')['get_peft_model']
    loaded, _ = FastLanguageModel.from_pretrained(model, max_seq_length=32, load_in_4bit=False, dtype=torch.float32)
    return adapted(get_peft_model(loaded, random_state=1))


def by_swift(model, files):
    """Its arguments, which import the plugin, and the tuner that they choose."""
    from swift.arguments import SftArguments
    from swift.pipelines.train.tuner import TunerMixin

    arguments = SftArguments(
        model=model, model_type='llama', template='dummy', dataset=[f'{model}/data.jsonl'], torch_dtype='float32',
        external_plugins=[f'{files}/swift_lora.py'], tuner_type='alphalora', output_dir=f'{files}/out', report_to=[],
        use_cpu=True,
    )
    return adapted(TunerMixin.prepare_model(arguments, AutoModelForCausalLM.from_pretrained(model)))


def soup_config(model, text):
    import yaml
    from soup_cli.config.loader import load_config_from_string

    rest = {'base': model, 'task': 'sft', 'data': {'train': f'{model}/data.jsonl'}}
    return load_config_from_string(yaml.safe_dump(rest) + text).training


def by_soup(model, text):
    from peft import get_peft_model
    from soup_cli.utils.freeze import apply_unfrozen_parameters
    from soup_cli.utils.peft_wiring import build_lora_config

    training = soup_config(model, text)
    loaded = AutoModelForCausalLM.from_pretrained(model)
    if training.unfrozen_parameters:
        assert training.quantization == 'none'
        apply_unfrozen_parameters(loaded, training.unfrozen_parameters)
        return [name for name, own in loaded.named_parameters() if own.requires_grad]
    modules = training.lora.target_modules
    config = build_lora_config(training.lora, target_modules=modules, task_type='CAUSAL_LM')
    return adapted(get_peft_model(loaded, config))


programs = {'trl': by_trl, 'unsloth': by_unsloth, 'ms-swift': by_swift, 'soup': by_soup}


def answer(question):
    program, model, exported = question
    if not os.path.exists(model):
        made(model)
    return programs[program](model, exported)
