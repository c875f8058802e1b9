"""
Models of transformers, made without any values, and PEFT on them. Of a class: the names, shapes and sizes
that its checkpoints have on disk. Of a class and a configuration of PEFT: what the model calls each of them in
memory, and the rank that PEFT gave it there.
"""
import copy, json, re, warnings

warnings.filterwarnings('ignore')
import torch, transformers
from peft import LoraConfig, get_peft_model
from peft.tuners.lora import LoraLayer
from transformers import AutoConfig, logging
from transformers.conversion_mapping import get_model_conversion_mapping
from transformers.core_model_loading import WeightConverter, WeightRenaming, rename_source_key, revert_weight_conversion

logging.set_verbosity_error()

def made(name, family):
    model_class = getattr(transformers, name)
    config = AutoConfig.for_model(family) if family else model_class.config_class()
    shrink(config, 4)
    with torch.device('meta'):
        return model_class._from_config(config)


models = {}


def model_of(name, family):
    if name not in models:
        models[name] = made(name, family)
    return models[name]


def on_disk(model):
    return revert_weight_conversion(model, dict(model.state_dict()))


def converted(model):
    """The name in memory of each name on disk; of one that becomes several, all of them."""
    conversions = get_model_conversion_mapping(model)
    renamings = [own for own in conversions if isinstance(own, WeightRenaming)]
    converters = [own for own in conversions if isinstance(own, WeightConverter)]
    state = model.state_dict()
    found = {}
    for key in on_disk(model):
        name, source = rename_source_key(key, renamings, converters, model.base_model_prefix, state)
        converter = next((own for own in converters if source in own.source_patterns), None) if source else None
        targets = [pattern.replace('\\', '') for pattern in converter.target_patterns] if converter else []
        names = [name.replace(targets[0], target) for target in targets] if len(targets) > 1 else [name]
        found[key] = [own for own in names if own in state]
    return found


def adapted(name, family, settings):
    model = made(name, family)
    where = converted(model)
    # Copies, for the lists that PEFT changes.
    config = LoraConfig(**{key: value for key, value in copy.deepcopy(settings).items() if key not in ('peft_type', 'base_model_name_or_path')})
    wrapped = get_peft_model(model, config)
    ranks = {}
    for path, layer in wrapped.named_modules():
        if not isinstance(layer, LoraLayer) or not layer.r:
            continue
        own = re.sub(r'\.base_layer', '', path.removeprefix('base_model.model.'))
        parameter = getattr(layer, 'parameter_name', None) or 'weight'
        ranks[f'{own}.{parameter}'] = [layer.r['default'], layer.scaling['default']]
    trained = sum(own.numel() for path, own in wrapped.named_parameters() if 'lora_' in path)
    return {'where': where, 'ranks': ranks, 'parameters': trained, 'wrapper': type(wrapped).__name__}


def answer(question):
    name, family, settings = question
    if settings is not None:
        return adapted(name, family, settings)
    model = model_of(name, family)
    # JSON has no infinity.
    config = json.loads(json.dumps(model.config.to_dict(), default=str), parse_constant=lambda _: None)
    return {'config': config | {'architectures': [type(model).__name__]}, 'tensors': [[key, list(value.shape)] for key, value in on_disk(model).items()]}
