/** What families of mixtures have in common: experts that are gated linear units, and a linear router. */
import * as v from 'valibot';
import type { MixtureConfig, ProjectionConfig, ProjectionPart } from '../config.js';
import type { FeedForward } from './like-llama.js';
import { activationOf, type CommonSettings, invalid, parseSettings, size } from './settings.js';

/** A file may claim any number of experts, and each is described before its weights are looked for. */
const MOST_EXPERTS = 100_000;

/** Of config.json; one number has two names. */
export interface MixtureSettings {
  readonly experts: number;
  readonly perToken: number;
  /** Width of an expert where it is not that of the feed-forward layer. */
  readonly width?: number | undefined;
  readonly normalized: boolean;
}

const schema = v.looseObject({
  num_experts: v.nullish(size),
  num_local_experts: v.nullish(size),
  num_experts_per_tok: size,
  moe_intermediate_size: v.nullish(size),
  norm_topk_prob: v.nullish(v.boolean()),
});

/** @throws AlphaLoraError `INVALID_CHECKPOINT` for a setting that is missing or has an impossible value */
export function mixtureSettings(
  json: unknown,
  { num_hidden_layers }: CommonSettings,
): MixtureSettings {
  const settings = parseSettings(schema, json);
  const experts = settings.num_experts ?? settings.num_local_experts;
  if (experts === undefined || experts === null) {
    throw invalid('num_experts: how many experts a block has is missing');
  }
  const perToken = settings.num_experts_per_tok;
  if (perToken > experts) {
    throw invalid(`num_experts_per_tok is ${perToken}, and a block has ${experts} experts`);
  }
  if (experts * num_hidden_layers > MOST_EXPERTS) {
    throw invalid(`${num_hidden_layers} blocks of ${experts} experts are more than any model has`);
  }
  return {
    ...{ experts, perToken },
    normalized: settings.norm_topk_prob ?? false,
    width: settings.moe_intermediate_size ?? undefined,
  };
}

/** Names of modules: of the mixture within its block, and of the linear maps of an expert. */
export interface MixtureNames {
  readonly module: string;
  readonly gate: string;
  readonly up: string;
  readonly down: string;
}

/** As transformers names most. */
export const usualNames: MixtureNames = {
  module: 'mlp',
  gate: 'gate_proj',
  up: 'up_proj',
  down: 'down_proj',
};

/** The mixture of a block. */
export function mixtureOf(
  settings: CommonSettings,
  { experts, perToken, normalized, width = settings.intermediate_size }: MixtureSettings,
  names: MixtureNames,
): (block: number) => FeedForward {
  const { hidden_size: hiddenSize } = settings;
  const activation = activationOf(settings.hidden_act ?? 'silu');
  const maps: [role: string, inputs: number, outputs: number, part: ProjectionPart][] = [
    [names.gate, hiddenSize, width, 'gate'],
    [names.up, hiddenSize, width, 'up'],
    [names.down, width, hiddenSize, 'down'],
  ];
  return (index) => {
    const block = `model.layers.${index}`;
    const module = `${block}.${names.module}`;
    const config: MixtureConfig = {
      ...{ kind: 'mixture', activation, experts, perToken, normalized },
      router: `${module}.gate`,
      stacked: `${block}.mlp`,
    };
    const projections = Array.from({ length: experts }, (_, expert) =>
      maps.map(
        ([role, inputs, outputs, part]): ProjectionConfig => ({
          name: `${module}.experts.${expert}.${role}`,
          ...{ role, expert, inputs, outputs, bias: false, parts: [part] },
        }),
      ),
    ).flat();
    return { config, projections };
  };
}
