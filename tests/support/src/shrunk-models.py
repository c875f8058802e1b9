"""Configurations of transformers made small, for programs that this text is put in front of."""
import contextlib
from transformers import PretrainedConfig

BLOCKS = ('num_hidden_layers', 'n_layer', 'num_layers', 'n_layers', 'encoder_layers', 'decoder_layers', 'depth', 'num_decoder_layers')
EXPERTS = ('num_experts', 'num_local_experts', 'n_routed_experts')
KINDS = ('layer_types', 'mlp_layer_types', 'layers_block_type')


def shrink(config, experts):
    """Two blocks, of different kinds where a model has several; few experts."""
    for key in BLOCKS + EXPERTS:
        most = 2 if key in BLOCKS else experts
        if isinstance(getattr(config, key, None), int):
            setattr(config, key, min(most, getattr(config, key)))
    for key in KINDS:
        kinds = getattr(config, key, None)
        if isinstance(kinds, list):
            with contextlib.suppress(AttributeError):  # where they follow from the number of blocks
                setattr(config, key, (list(dict.fromkeys(kinds)) * 2)[:2])
    for value in vars(config).values():
        if isinstance(value, PretrainedConfig):
            shrink(value, experts)


