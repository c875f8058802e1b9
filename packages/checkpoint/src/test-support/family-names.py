"""
Names and shapes of the parameters of families of models, and what layer of torch each belongs to, as JSON
lines; for families on the command line, with two blocks of each list, made without any values.
"""
import json, sys
import torch
from torch import nn
from transformers import AutoConfig, AutoModel, logging
from transformers.pytorch_utils import Conv1D

logging.set_verbosity_error()


def layer(module, tensor):
    if isinstance(module, Conv1D):
        return 'conv1d' if tensor.dim() == 2 else 'vector'
    if tensor.dim() < 2:
        return 'vector'
    if isinstance(module, nn.Linear):
        return 'linear'
    if isinstance(module, nn.Embedding):
        return 'embedding'
    if isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d)):
        return 'depthwise' if 1 < module.groups == module.in_channels else 'convolution'
    name = type(module).__name__
    # A matrix for each head, as experts have one each.
    if name == 'RecurrentGemmaRglru' and tensor.dim() == 3:
        return 'experts'
    return 'experts' if 'Expert' in name else 'norm' if 'Norm' in name else 'parameter'


def kept(config):
    keys = ('model_type', 'hidden_size', 'is_encoder_decoder', 'num_hidden_layers', 'moe_num_experts')
    inner = ('text_config', 'vision_config', 'ffn_config')
    return {key: value for key, value in config.items() if key in keys} | {key: kept(config[key]) for key in inner if isinstance(config.get(key), dict)}


def made(config):
    make = AutoModel._model_mapping[type(config)]
    with torch.device('meta'):
        return make._from_config(config)


for family in sys.argv[1:]:
    config = AutoConfig.for_model(family)
    try:
        shrink(config, 16)
        model = made(config)
    except ValueError:
        # Some ties between blocks hold only where all are there.
        config = AutoConfig.for_model(family)
        model = made(config)
    modules = dict(model.named_modules())
    tensors = [[name, list(tensor.shape), layer(modules[name.rpartition('.')[0]], tensor)] for name, tensor in model.named_parameters()]
    print(json.dumps({'family': family, 'config': kept(config.to_dict()), 'tensors': tensors}))
