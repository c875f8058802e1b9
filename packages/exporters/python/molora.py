"""Mixtures of LoRA experts on a PyTorch model, as an allocation or an adapter of AlphaLoRA says.

    import molora

    model = AutoModelForCausalLM.from_pretrained("HuggingFaceTB/SmolLM2-135M")
    molora.apply(model, "experts")      # the folder that `alphalora export --to pytorch` wrote
    ...                                 # train: Hugging Face Trainer, accelerate or a plain loop
    molora.save(model, "trained")       # read by `alphalora evaluate --adapter trained`, and by load

One file without other parts; needs torch 2.1 and safetensors. Every adapted linear map becomes

    y = W0 x + sum_e gate_e(x) (lora_alpha / r_e) B_e A_e dropout(x)

(MoLA, arXiv 2402.08562; AlphaLoRA, arXiv 2410.10054) as two skinny products whatever the number of
experts: the experts' A and B lie side by side, and the gates, spread over the ranks, multiply in
between. W0 stays frozen, of any type: bfloat16, or 4 bits of bitsandbytes. The experts are float32.
"""

import json
import math
import os
import re

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

__version__ = "1.0.0"
__all__ = ["apply", "load", "save", "merge", "resumable", "router_loss", "set_task", "parameters"]

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
WRAPPER = "base_model.model."
TINY = 1e-20


class MoloraError(ValueError):
    """What cannot be done, where, and what to do about it."""


# ------------------------------------------------------------------------------ the public functions


def apply(model, folder, *, router_loss=None, seed=0):
    """Puts the experts that a folder describes on a loaded model, and freezes everything else.

    folder: has adapter_config.json, as `alphalora export --to pytorch`, `alphalora train` and `save`
        write it. With adapter_model.safetensors beside it the experts are those; without it they are
        new: A and routers Kaiming-uniform, B zero, so that the model starts as it was.
    router_loss: (name, coefficient), added to the loss that the model returns while it is trained:
        load-balance (papers use 0.001), gate-balance (0.5), mutual-information or entropy (0.01).
    seed: of the new experts.

    Returns the model. Raises MoloraError when the folder does not fit the model.
    """
    config, section = _read_config(folder)
    if hasattr(model, "molora"):
        raise MoloraError("the model has experts already: load it anew")
    if router_loss is not None and router_loss[0] not in LOSSES:
        raise MoloraError(f"no router loss {router_loss[0]!r}: there are {', '.join(LOSSES)}")
    router = _router_of(section["router"])
    modules = _modules_of(model, section["projections"])
    generator = torch.Generator().manual_seed(seed)
    layers = {}
    for spec in section["projections"]:
        path, base = modules[spec["name"]]
        layers[path] = MoloraLinear(base, spec, router, section["dropout"], generator)
    weights = os.path.join(folder, WEIGHTS)
    if os.path.exists(weights):
        _fill(layers.values(), load_file(weights), weights)
    # Nothing was changed up to here: what does not fit leaves the model as it was.
    model.requires_grad_(False)
    for path, layer in layers.items():
        parent, _, name = path.rpartition(".")
        setattr(model.get_submodule(parent), name, layer)
        layer.train(model.training)
        layer.set_trainable(router.trains_experts)
    model.molora = _State(config, section, list(layers.values()), router_loss)
    hooks = [
        model.register_forward_pre_hook(_remember_padding, with_kwargs=True),
        model.register_forward_hook(_add_router_loss),
    ]
    model.molora.undo += [hook.remove for hook in hooks]
    _teach_saving(model)
    return model


def load(model, folder, **options):
    """`apply` of a folder that must hold a trained adapter. A model that has experts already, the same
    ones, gets their trained values.
    """
    weights = os.path.join(folder, WEIGHTS)
    if not os.path.exists(weights):
        raise MoloraError(f"{folder} has no {WEIGHTS}: apply() starts new experts")
    if not hasattr(model, "molora"):
        return apply(model, folder, **options)
    if _read_config(folder)[1] != model.molora.section:
        raise MoloraError(f"{folder} has other experts than the model: load the base model anew")
    _fill(model.molora.layers, load_file(weights), weights)
    return model


def resumable(trainer):
    """Teaches a Hugging Face Trainer, whose checkpoints have the adapter alone, to go back to them:
    train(resume_from_checkpoint=...) and load_best_model_at_end. Returns the trainer.
    """

    def restore(folder, model=None):
        load(_unwrapped(trainer.model), folder)

    trainer._load_from_checkpoint = restore
    trainer._load_best_model = lambda: restore(trainer.state.best_model_checkpoint)
    return trainer


def save(model, folder):
    """Writes the experts and routers, without the base model: adapter_config.json and
    adapter_model.safetensors, which the AlphaLoRA programs and `load` read. Where each projection
    has one expert, PEFT reads them as well.
    """
    state = _state_of(model)
    tensors = {}
    for layer in state.layers:
        tensors.update(layer.stored())
    bad = next((name for name, tensor in tensors.items() if not torch.isfinite(tensor).all()), None)
    if bad is not None:
        raise MoloraError(f"{bad} has NaN or infinity: did training diverge?")
    os.makedirs(folder, exist_ok=True)
    # Both files are whole before either takes its name.
    weights, config = os.path.join(folder, WEIGHTS), os.path.join(folder, CONFIG)
    save_file(tensors, weights + ".part", metadata={"format": "pt"})
    with open(config + ".part", "w", encoding="utf-8") as file:
        json.dump({**_peft_fields(state.layers), **state.config}, file, indent=2)
        file.write("\n")
    os.replace(weights + ".part", weights)
    os.replace(config + ".part", config)


@torch.no_grad()
def merge(model, expert=None):
    """Adds the experts to the weights and takes the wrappers off; returns the model.

    Several experts under a router are no single matrix. expert=i takes the i-th of each projection,
    expert="mean" their uniform average; both answer otherwise than the trained mixture.
    """
    state = _state_of(model)
    for layer in state.layers:
        layer.check_merge(expert)
    for path, layer in [(p, m) for p, m in model.named_modules() if isinstance(m, MoloraLinear)]:
        base, update = layer.base, layer.update(expert)
        weight = base.weight
        update = update.T if _input_first(base) else update
        weight.copy_((weight.float() + update.to(weight.device)).to(weight.dtype))
        parent, _, name = path.rpartition(".")
        setattr(model.get_submodule(parent), name, base)
    for undo in state.undo:
        undo()
    del model.molora
    return model


def router_loss(model, name, attention_mask=None):
    """The auxiliary loss of the last forward pass in training mode, of all blocks together; a scalar
    with gradient. For loops of one's own; `apply(..., router_loss=)` adds it to the model's loss.

    attention_mask: [rows, length], 0 where a token is padding and has no say. By default that which
        the model was called with.
    """
    state = _state_of(model)
    if name not in LOSSES:
        raise MoloraError(f"no router loss {name!r}: there are {', '.join(LOSSES)}")
    mask = state.padding if attention_mask is None else attention_mask
    blocks = {}
    for layer in state.layers:
        if layer.experts == 1:
            continue
        if layer.routing is None:
            raise MoloraError(f"{layer.name} was not routed: call the model in training mode first")
        probabilities, gates = layer.routing
        if not probabilities.requires_grad:
            raise MoloraError(
                "the routing has no gradient: enable gradient checkpointing with "
                'gradient_checkpointing_kwargs={"use_reentrant": False}, and do not train under no_grad'
            )
        if mask is not None and mask.numel() == probabilities.shape[0]:
            real = mask.reshape(-1).bool().to(probabilities.device)
            probabilities, gates = probabilities[real], gates[real]
        block = None if name in OVER_BLOCKS else layer.block
        blocks.setdefault(block, []).append((probabilities, gates))
    if not blocks:
        raise MoloraError("no projection has several experts: there is no router to balance")
    losses = [_pooled(routings, LOSSES[name]) for routings in blocks.values()]
    # Blocks may lie on several devices.
    return sum(loss.to(losses[0].device) for loss in losses)


def set_task(model, task):
    """Chooses the task whose router acts, for `adaptive-shared` with several tasks."""
    state = _state_of(model)
    tasks = state.section["router"]["options"].get("tasks", 1)
    if not (isinstance(task, int) and 0 <= task < tasks):
        raise MoloraError(f"the adapter was made for {tasks} tasks and is asked for task {task}")
    for layer in state.layers:
        layer.task = task


def parameters(model):
    """The trainable parameters, for an optimizer."""
    return [p for layer in _state_of(model).layers for p in layer.parameters() if p.requires_grad]


# -------------------------------------------------------------------------------- the linear map


class MoloraLinear(nn.Module):
    """A frozen linear map with experts.

    lora_A: [sum of ranks, inputs], lora_B: [outputs, sum of ranks], the experts one after the other;
    routing: names and shapes as the router says, where there are several experts.
    """

    def __init__(self, base, spec, router, dropout, generator):
        super().__init__()
        self.base, self.router, self.dropout = base, router, dropout
        self.name, self.block, self.top_k = spec["name"], spec["block"], spec["topK"]
        self.ranks, self.scalings = spec["ranks"], spec["scalings"]
        self.inputs, self.outputs = spec["inputs"], spec["outputs"]
        self.experts = len(self.ranks)
        self.task, self.routing = 0, None
        device = base.weight.device
        width = sum(self.ranks)
        self.lora_A = nn.Parameter(_uniform((width, self.inputs), self.inputs, generator).to(device))
        self.lora_B = nn.Parameter(torch.zeros(self.outputs, width, device=device))
        owner = torch.repeat_interleave(torch.arange(self.experts), torch.tensor(self.ranks))
        spread = F.one_hot(owner, self.experts).T.float() * torch.tensor(self.scalings)[:, None]
        # [experts, sum of ranks]: each expert's scaling at its ranks, zero elsewhere.
        self.register_buffer("spread", spread.to(device), persistent=False)
        self.gate = nn.ParameterDict()
        if self.experts > 1:
            for key, (shape, initial) in router.tensors(self).items():
                values = torch.full(shape, float(initial[1])) if initial[0] == "constant" else (
                    _uniform(shape, initial[1], generator)
                )
                self.gate[key] = nn.Parameter(values.to(device))

    # Code that looks at a linear map finds what it expects.
    @property
    def weight(self):
        return self.base.weight

    @property
    def bias(self):
        return self.base.bias

    @property
    def in_features(self):
        return self.inputs

    @property
    def out_features(self):
        return self.outputs

    def forward(self, x, *args, **kwargs):
        result = self.base(x, *args, **kwargs)
        # Autocast would halve the experts' precision, and a router's choice hangs on small differences.
        with torch.autocast(device_type=x.device.type, enabled=False):
            rows = x.reshape(-1, x.shape[-1]).to(self.lora_A.dtype)
            dropped = F.dropout(rows, self.dropout, self.training) if self.dropout > 0 else rows
            hidden = F.linear(dropped, self.lora_A)
            if self.experts == 1:
                weighted = hidden * self.scalings[0]
            else:
                probabilities, gates = self.router.route(self, rows, hidden)
                if self.training:
                    self.routing = (probabilities, gates)
                weighted = hidden * (gates @ self.spread)
            update = F.linear(weighted, self.lora_B)
        return result + update.reshape(result.shape).to(result.dtype)

    def set_trainable(self, experts):
        self.lora_A.requires_grad_(experts or self.experts == 1)
        self.lora_B.requires_grad_(experts or self.experts == 1)

    def check_merge(self, expert):
        if not self.base.weight.is_floating_point():
            raise MoloraError(
                f"{self.name} has a quantized weight, which cannot take an update: "
                "load the base model in bfloat16 and the adapter with load(), then merge"
            )
        if self.experts == 1 or expert == "mean":
            return
        if expert is None:
            raise MoloraError(
                f"{self.name} has {self.experts} experts under a router, which no single matrix can "
                'be: give expert=0 for one of them, or expert="mean" for their average'
            )
        if not (isinstance(expert, int) and 0 <= expert < self.experts):
            raise MoloraError(f"{self.name} has no expert {expert}: it has {self.experts}, from 0")

    def update(self, expert):
        """[outputs, inputs]"""
        shares = torch.zeros(self.experts, device=self.spread.device)
        if self.experts == 1 or expert == "mean":
            shares.fill_(1 / self.experts)
        else:
            shares[expert] = 1
        return (self.lora_B * (shares @ self.spread)) @ self.lora_A

    def stored(self):
        """Tensors under their names on disk: PEFT's for one expert, MoLA's for several."""
        tensors, at = {}, WRAPPER + self.name
        for expert, (a, b) in enumerate(
            zip(self.lora_A.split(self.ranks), self.lora_B.split(self.ranks, dim=1))
        ):
            suffix = "" if self.experts == 1 else f"_{expert}"
            tensors[f"{at}.lora_A{suffix}.weight"] = a
            tensors[f"{at}.lora_B{suffix}.weight"] = b
        for key, tensor in self.gate.items():
            tensors[at + self._gate_name(key, tensor.shape)] = (
                tensor.T if self._turned(key, tensor.shape) else tensor
            )
        return {name: _plain(tensor) for name, tensor in tensors.items()}

    def _turned(self, key, shape):
        # The matrix that MoLA has as well lies on disk as torch.nn.Linear keeps it.
        return key == "weight" and tuple(shape) == (self.inputs, self.experts)

    def _gate_name(self, key, shape):
        if self._turned(key, shape):
            return ".router.router.weight"
        return ".router" if key == "weight" else f".router.{key}"

    @torch.no_grad()
    def fill(self, tensors, file):
        """Takes its tensors out of a dictionary that `load_file` gave."""
        wanted = self.stored()
        for name, tensor in wanted.items():
            if name not in tensors:
                raise MoloraError(f"{file}: tensor {name} is missing")
            if tensors[name].shape != tensor.shape:
                raise MoloraError(
                    f"{file}: tensor {name} is {list(tensors[name].shape)}, "
                    f"where the configuration says {list(tensor.shape)}"
                )
            wanted[name] = tensors.pop(name).float()
            if not torch.isfinite(wanted[name]).all():
                raise MoloraError(f"{file}: tensor {name} has NaN or infinity")
        at = WRAPPER + self.name
        suffixes = [""] if self.experts == 1 else [f"_{e}" for e in range(self.experts)]
        self.lora_A.copy_(torch.cat([wanted[f"{at}.lora_A{s}.weight"] for s in suffixes]))
        self.lora_B.copy_(torch.cat([wanted[f"{at}.lora_B{s}.weight"] for s in suffixes], dim=1))
        for key, tensor in self.gate.items():
            value = wanted[at + self._gate_name(key, tensor.shape)]
            tensor.copy_(value.T if self._turned(key, tensor.shape) else value)


# -------------------------------------------------------------------------------------- routers
#
# A router says which tensors it has at a projection, {key: (shape, initial)}, where `weight` is its
# matrix, and gives each token probabilities and gates over the experts, both [tokens, experts]; a
# gate is exactly zero where the expert is not selected.


class _Linear:
    """Routers that see a token through one linear map without bias."""

    trains_experts = True

    def tensors(self, layer):
        return {"weight": ((layer.inputs, layer.experts), ("uniform", layer.inputs))}

    def route(self, layer, x, hidden):
        logits = x @ layer.gate["weight"]
        return torch.softmax(logits, -1), self.gates(logits, layer.top_k)


class TopK(_Linear):
    """MoLA (arXiv 2402.08562): a softmax over the logits of the k selected experts."""

    def gates(self, logits, top_k):
        return _masked_softmax(logits, _top_k_mask(logits, top_k))


class Soft(_Linear):
    """Every expert at every token, by the softmax of its logit."""

    def gates(self, logits, top_k):
        return torch.softmax(logits, -1)


class Entropy(_Linear):
    """DynMoLE (arXiv 2504.00661): every expert where the router is undecided, else the most probable
    ones up to a cumulative probability, and top-k in any case. Gates are not renormalized."""

    def __init__(self, threshold=0.9, q=1.1, topP=0.75):
        self.threshold, self.q, self.top_p = threshold, q, topP

    def gates(self, logits, top_k):
        probabilities = torch.softmax(logits, -1)
        with torch.no_grad():
            undecided = _tsallis_entropy(probabilities, self.q) > self.threshold
            values, order = torch.sort(probabilities, dim=-1, descending=True, stable=True)
            kept = values.cumsum(-1) <= self.top_p
            kept[:, :top_k] = True
            mask = torch.zeros_like(kept).scatter(-1, order, kept) | undecided[:, None]
        return probabilities * mask


class AdaptiveShared:
    """ASE (arXiv 2510.00570): the last `shared` experts serve every token, top-k - shared of the others
    are selected, and one softmax over both gives the gates. Several tasks have a router each, which sees
    the hidden state plus a learned embedding of the task."""

    trains_experts = True

    def __init__(self, shared=1, tasks=1):
        self.shared, self.tasks = shared, tasks

    def tensors(self, layer):
        if layer.top_k <= self.shared:
            raise MoloraError(
                f"{layer.name} activates {layer.top_k} of {layer.experts} experts per token, and "
                f"{self.shared} of them are shared, which leaves none to select"
            )
        shape = (layer.inputs, self.tasks * layer.experts)
        weight = {"weight": (shape, ("uniform", layer.inputs))}
        if self.tasks == 1:
            return weight
        return {**weight, "task": ((self.tasks, layer.inputs), ("constant", 0))}

    def route(self, layer, x, hidden):
        weight, experts = layer.gate["weight"], layer.experts
        if self.tasks > 1:
            weight = weight[:, layer.task * experts : (layer.task + 1) * experts]
            logits = x @ weight + layer.gate["task"][layer.task] @ weight
        else:
            logits = x @ weight
        mask = _top_k_mask(logits[:, : experts - self.shared], layer.top_k - self.shared)
        mask = F.pad(mask, (0, self.shared), value=1.0)
        return torch.softmax(logits, -1), _masked_softmax(logits, mask)


class Mole:
    """MoLE (arXiv 2404.13628): a gate over trained, frozen experts that sees what they answer.
    logits = concat_i(E_i(x)) / |concat_i(E_i(x))| . e, gates = softmax(logits / temperature)"""

    trains_experts = False

    def __init__(self, masked=()):
        self.masked = list(masked)

    def tensors(self, layer):
        shape = (layer.outputs, layer.experts**2)
        return {
            "weight": (shape, ("uniform", layer.experts * layer.outputs)),
            "temperature": ((1,), ("constant", 1)),
        }

    def route(self, layer, x, hidden):
        b, experts = layer.lora_B.T, layer.experts
        owners = (layer.spread != 0).float().T
        scaled = hidden * layer.spread.sum(0)
        # The experts' outputs are never formed: E_i(x) . e_i is h_i (B_i e_i), and the squared norm
        # h_i (B_i B_i^T) h_i^T.
        meetings = (b @ layer.gate["weight"]).reshape(-1, experts, experts)
        gate_of_ranks = (meetings * owners[:, :, None]).sum(1)
        gram = (b @ b.T) * (owners @ owners.T)
        squared = ((scaled @ gram) * scaled).sum(1, keepdim=True)
        logits = (scaled @ gate_of_ranks) / torch.sqrt(torch.relu(squared) + 1e-12)
        sharpened = logits / layer.gate["temperature"]
        probabilities = torch.softmax(sharpened, -1)
        if not self.masked:
            return probabilities, probabilities
        mask = torch.ones_like(sharpened)
        mask[:, [i for i in self.masked if i < experts]] = 0
        return probabilities, _masked_softmax(sharpened, mask)


ROUTERS = {
    "top-k": TopK,
    "soft": Soft,
    "entropy": Entropy,
    "adaptive-shared": AdaptiveShared,
    "mole": Mole,
}


def _router_of(described):
    name, options = described["name"], described.get("options", {})
    if name not in ROUTERS:
        raise MoloraError(f"no router {name!r} here: there are {', '.join(ROUTERS)}")
    try:
        return ROUTERS[name](**options)
    except TypeError as error:
        raise MoloraError(f"router {name}: {error}") from None


def _top_k_mask(values, k):
    with torch.no_grad():
        if k >= values.shape[-1]:
            return torch.ones_like(values)
        # A stable order: of equal values the first ones count.
        order = torch.sort(values, dim=-1, descending=True, stable=True).indices[:, :k]
        return torch.zeros_like(values).scatter(-1, order, 1.0)


def _masked_softmax(logits, mask):
    return torch.softmax(logits.masked_fill(mask == 0, -torch.inf), -1)


def _tsallis_entropy(probabilities, q):
    """[tokens]: as a share of its maximum; Shannon's for q = 1."""
    experts = probabilities.shape[-1]
    positive = probabilities.clamp_min(TINY)
    if q == 1:
        return -(positive * positive.log()).sum(-1) / math.log(experts)
    return (1 - positive.pow(q).sum(-1)) / (1 - experts ** (1 - q))


# --------------------------------------------------------------------------------- their losses
#
# Each is of (probabilities, gates) of the tokens of one block's projections together, or of all blocks'.


def _load_balance(probabilities, gates):
    """Switch Transformers (arXiv 2101.03961, equations 4 to 6), as MoLA applies it."""
    picks = (gates.detach() != 0).float().sum(0)
    return (picks / picks.sum() * probabilities.mean(0)).sum() * gates.shape[-1]


def _pooled_load_balance(probabilities, gates):
    """The same as MixLoRA (arXiv 2404.15159) applies it: not divided by the number of selected experts."""
    picks = (gates.detach() != 0).float().mean(0)
    return (picks * probabilities.mean(0)).sum() * gates.shape[-1]


def _gate_balance(probabilities, gates):
    """MoLE (arXiv 2404.13628, section 3.3)."""
    return -probabilities.mean(0).clamp_min(TINY).log().sum()


def _mutual_information(probabilities, gates):
    """Minus the mutual information of token and expert, in nats (Mod-Squad, arXiv 2212.08066)."""

    def surprise(p):
        return -p * p.clamp_min(TINY).log()

    return surprise(probabilities).sum(-1).mean() - surprise(probabilities.mean(0)).sum()


def _entropy_loss(probabilities, gates):
    """DynMoLE (arXiv 2504.00661), entropic index 1.1."""
    return _tsallis_entropy(probabilities, 1.1).mean()


LOSSES = {
    "load-balance": _load_balance,
    "pooled-load-balance": _pooled_load_balance,
    "gate-balance": _gate_balance,
    "mutual-information": _mutual_information,
    "entropy": _entropy_loss,
}
# Those of the tokens of all blocks together, which do not add up over blocks.
OVER_BLOCKS = ("pooled-load-balance",)


def _pooled(routings, loss):
    """Of projections with as many experts together; the mean over the pools by their projections."""
    pools = {}
    # Blocks may lie on several devices.
    device = routings[0][0].device
    for probabilities, gates in routings:
        probabilities, gates = probabilities.to(device), gates.to(device)
        pools.setdefault(gates.shape[-1], []).append((probabilities, gates))
    return sum(
        loss(torch.cat([p for p, _ in pool]), torch.cat([g for _, g in pool]))
        * (len(pool) / len(routings))
        for pool in pools.values()
    )


# ---------------------------------------------------------------------------- the model around it


class _State:
    """What `apply` leaves at the model."""

    def __init__(self, config, section, layers, router_loss):
        self.config, self.section, self.layers = config, section, layers
        self.router_loss, self.padding, self.undo = router_loss, None, []

    def __deepcopy__(self, memo):
        raise MoloraError("a model with experts cannot be copied: save() it and load() it again")


def _unwrapped(model):
    while not hasattr(model, "molora") and hasattr(model, "module"):
        model = model.module  # of DistributedDataParallel and the like
    return model


def _state_of(model):
    model = _unwrapped(model)
    if not hasattr(model, "molora"):
        raise MoloraError("the model has no experts: call molora.apply(model, folder) first")
    return model.molora


def _remember_padding(model, args, kwargs):
    mask = kwargs.get("attention_mask")
    usable = isinstance(mask, torch.Tensor) and mask.dim() == 2
    model.molora.padding = mask if usable else None


def _add_router_loss(model, args, output):
    state = model.molora
    if state.router_loss is None or not model.training or not torch.is_grad_enabled():
        return None
    loss = output.get("loss") if isinstance(output, dict) else None
    if loss is None:
        return None
    name, coefficient = state.router_loss
    output["loss"] = loss + coefficient * router_loss(model, name).to(loss.device)
    return output


def _teach_saving(model):
    """Trainers call model.save_pretrained: it saves the adapter."""
    if not hasattr(model, "save_pretrained"):
        return

    def save_pretrained(folder, *args, **kwargs):
        save(model, folder)

    model.save_pretrained = save_pretrained
    model.molora.undo.append(lambda: delattr(model, "save_pretrained"))
    if getattr(model, "is_quantized", False):
        # The Trainer refuses quantized models that have no adapter that it knows.
        model._hf_peft_config_loaded = True


def _modules_of(model, projections):
    """{name: (path in memory, module)}: by the name itself, else by its end where that is unique."""
    linear = {path: module for path, module in model.named_modules() if _shape_of(module)}
    found = {}
    for spec in projections:
        name = spec["name"]
        # What PyTorch calls otherwise than the checkpoint has a name of both.
        names = [name, spec.get("module", name)]
        path = next((own for own in names if own in linear), None)
        if path is None:
            path = _path_by_end(names[1], linear)
        module = linear[path]
        shape = (spec["inputs"], spec["outputs"])
        if _shape_of(module) != shape:
            raise MoloraError(
                f"{name} maps {shape[0]} inputs to {shape[1]} outputs in the adapter, and "
                f"{_shape_of(module)[0]} to {_shape_of(module)[1]} in the model: it is for another model"
            )
        found[name] = (path, module)
    if len({path for path, _ in found.values()}) < len(found):
        raise MoloraError("two projections of the adapter have the same module in this model")
    return found


def _path_by_end(name, linear):
    """A bare decoder has no `model.` in front, a model in another has more."""
    parts = name.split(".")
    # With the number of the block: what is left without it may be another module.
    last = max((i for i, part in enumerate(parts) if part.isdigit()), default=len(parts) - 2)
    for start in range(last + 1):
        end = ".".join(parts[start:])
        paths = [path for path in linear if path == end or path.endswith("." + end)]
        # A vision tower has blocks of the same names.
        paths = [p for p in paths if "vision" not in p and "visual" not in p] or paths
        if len(paths) == 1:
            return paths[0]
        if len(paths) > 1:
            raise MoloraError(f"{name} may be {paths[0]} or {paths[1]} of the model: load the text model")
    raise MoloraError(f"the model has no linear map {name}: is the adapter for another model?")


def _shape_of(module):
    """(inputs, outputs) of torch.nn.Linear and its kin, and of the transposed Conv1D of GPT-2."""
    if isinstance(module, MoloraLinear):
        return None
    if hasattr(module, "in_features") and hasattr(module, "out_features"):
        return module.in_features, module.out_features
    if _input_first(module):
        return tuple(module.weight.shape)
    return None


def _input_first(module):
    return type(module).__name__ == "Conv1D" and hasattr(module, "nf")


def _read_config(folder):
    path = os.path.join(folder, CONFIG)
    try:
        with open(path, encoding="utf-8-sig") as file:
            config = json.load(file)
    except FileNotFoundError:
        raise MoloraError(f"{folder} has no {CONFIG}: run alphalora export --to pytorch") from None
    except ValueError as error:
        raise MoloraError(f"{path} is no JSON: {error}") from None
    section = config.get("molora") if isinstance(config, dict) else None
    if section is None:
        raise MoloraError(f"{path} has no section molora: PEFT's own adapters are loaded with PEFT")
    if section.get("version") != 1:
        raise MoloraError(f"{path}: version {section.get('version')} of molora, and this file knows 1")
    return config, section


def _peft_fields(layers):
    """What PEFT reads where each projection has one expert; elsewhere what makes it refuse the folder."""
    if any(layer.experts > 1 for layer in layers):
        return {"peft_type": "MOLORA"}
    ranks = {layer.name: layer.ranks[0] for layer in layers}
    alphas = {layer.name: layer.ranks[0] * layer.scalings[0] for layer in layers}
    r, alpha = max(ranks.values()), max(alphas.values())

    def pattern(values, common):
        return {re.escape(name): value for name, value in values.items() if value != common}

    return {
        "peft_type": "LORA",
        "task_type": None,
        "r": r,
        "lora_alpha": alpha,
        "rank_pattern": pattern(ranks, r),
        "alpha_pattern": pattern(alphas, alpha),
        "target_modules": list(ranks),
        "bias": "none",
    }


def _fill(layers, tensors, file):
    for layer in layers:
        layer.fill(tensors, file)
    if tensors:
        raise MoloraError(f"{file}: tensor {next(iter(tensors))} belongs to none of its projections")


def _uniform(shape, fan_in, generator):
    """Kaiming-uniform with a = sqrt 5, as torch.nn.Linear and PEFT draw: 1 / sqrt(fan in)."""
    return (torch.rand(shape, generator=generator) * 2 - 1) / math.sqrt(fan_in)


def _plain(tensor):
    return tensor.detach().float().cpu().contiguous().clone()
