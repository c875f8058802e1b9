/**
 * `parameter_groups.py`: the parameter groups of an optimizer for Hugging Face's Trainer, which takes an
 * optimizer of one's own (`Trainer(optimizers=(optimizer, None))`, transformers 5.24). Biases and norms have no
 * weight decay, as with Trainer's own optimizer (`get_decay_parameter_names`).
 */
import type { Allocation } from '@alphalora/contracts';
import type { Exporter } from '@alphalora/contracts/extensions';
import { escapedData, printable } from '@alphalora/documents';
import { notesOnMixed, type ValuedModule, valuedModules } from '../shared/values.js';

export const transformers: Exporter<Allocation, Record<never, never>> = {
  name: 'transformers',
  kinds: ['allocation'],
  units: ['learning-rate', 'weight-decay'],
  export(allocation) {
    const modules = valuedModules(allocation, 'transformers');
    const { unit } = allocation.budget;
    const notes = notesOn(modules, unit === 'learning-rate' ? 'learning rate' : 'weight decay');
    const group = unit === 'learning-rate' ? scaledRate : scaledDecay;
    const text = [
      usage,
      ...notes.map((note) => `# ${printable(note)}`),
      '',
      '# By the names of modules in the model, from the list of its blocks on.',
      'FACTORS = {',
      ...modules.map(({ name, value }) => `    ${JSON.stringify(name)}: ${value},`),
      '}',
      program(group),
    ].join('\n');
    return { files: { 'parameter_groups.py': escapedData(text) }, notes };
  },
};

function notesOn(modules: readonly ValuedModule[], what: string): string[] {
  return [
    `parameters outside of the ${modules.length} modules of this allocation, such as embeddings, norms and the head, keep the ${what} of the call`,
    ...notesOnMixed(modules, 'factors', 'the mean'),
  ];
}

const usage = `# Parameter groups for Hugging Face's Trainer, as AlphaLoRA for TypeScript allocated them:
#
#     import torch
#     from parameter_groups import parameter_groups
#
#     groups = parameter_groups(model, args.learning_rate, args.weight_decay)
#     optimizer = torch.optim.AdamW(groups, lr=args.learning_rate)
#     trainer = Trainer(model=model, args=args, optimizers=(optimizer, None), ...)
#
# Trainer makes the schedule, which multiplies the rates of all groups alike. Freeze parameters, or add a LoRA
# of PEFT, before.
#`;

const scaledRate = '(lr * factor, weight_decay if decays else 0.0)';
const scaledDecay = '(lr, weight_decay * factor if decays else 0.0)';

const program = (group: string): string => `

def parameter_groups(model, lr, weight_decay):
    """Every trainable parameter of the model in one group; biases and norms have no weight decay.

    Raises ValueError if the model lacks a module of FACTORS.
    """
    missing = dict.fromkeys(FACTORS)
    groups = {}
    for name, parameter in model.named_parameters():
        module = _module_of(name)
        missing.pop(module, None)
        if not parameter.requires_grad:
            continue
        factor = FACTORS.get(module, 1.0)
        decays = parameter.ndim > 1 and not name.endswith("bias")
        groups.setdefault(${group}, []).append(parameter)
    if missing:
        raise ValueError(f"the model has no module {next(iter(missing))!r} ({len(missing)} of {len(FACTORS)} missing)")
    return [{"params": params, "lr": lr, "weight_decay": decay} for (lr, decay), params in groups.items()]


def _module_of(name):
    """The module of FACTORS that a parameter is in, whatever stands before and behind, as with LoRAs; or None."""
    parts = name.split(".")
    for start in range(len(parts)):
        for end in range(len(parts), start, -1):
            module = ".".join(parts[start:end])
            if module in FACTORS:
                return module
    return None
`;
