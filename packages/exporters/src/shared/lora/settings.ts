/**
 * An allocation as the settings of plain LoRAs, which PEFT and trainers on top of it share, and what they
 * cannot hold.
 *
 * E experts of rank r have the matrices of one LoRA of rank E r: A stacked is [E r, inputs], B side
 * by side is [outputs, E r], so (inputs + outputs) E r parameters in both cases. What is lost is the
 * router, with its inputs x E parameters and the choice of the top k.
 */

import { type Allocation, AlphaLoraError } from '@alphalora/contracts';
import { printable, resources } from '@alphalora/documents';
import { requireRoles, selectedRank } from '../adapters.js';
import { limitOf } from './limits.js';
import { isMixed, type LoraTarget, loraTargets, requireSome } from './modules.js';
import { distinctNames, type TargetNames, targetNames } from './names.js';
import type { LoraOptions } from './options.js';
import { patternOf } from './patterns.js';

export interface LoraSettings extends TargetNames {
  /** The largest rank. */
  readonly r: number;
  readonly alpha: number;
  readonly rankPattern: Readonly<Record<string, number>>;
  readonly alphaPattern: Readonly<Record<string, number>>;
  readonly rslora: boolean;
  readonly dropout: number;
  /** With a rank, by their names in memory. */
  readonly targets: readonly LoraTarget[];
  readonly notes: readonly string[];
  /** What a program that takes all of this must report, which no name that it does not know can pass. */
  readonly proof: string;
}

/**
 * @throws AlphaLoraError `INVALID_DOCUMENT` where the allocation lacks names or ranks, or adapts nothing;
 *   `INVALID_OPTION` for a role that it has not, or dropout where parameters are adapted
 */
export function loraSettings(
  allocation: Allocation,
  format: string,
  options: LoraOptions,
): LoraSettings {
  const { model } = allocation;
  const all = distinctNames(loraTargets(allocation, format), model);
  const chosen = ofRoles(all, options.targets);
  const targets = chosen.map((own) =>
    isRefused(own, model?.architecture) ? { ...own, rank: 0 } : own,
  );
  requireSome(targets);
  const wanted = targets.filter(({ rank }) => rank > 0);
  const names = targetNames(targets, model);
  if (names.parameters.length > 0 && options.dropout > 0) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `PEFT adapts parameters such as ${wanted.find(({ parameter }) => parameter)!.name} without dropout only: ` +
        'dropout must be 0, or targets must leave them out',
    );
  }
  const r = Math.max(...wanted.map(({ rank }) => rank));
  const rslora = options.scaling === 'alpha/sqrt(r)';
  const alpha = options.alpha ?? r;
  const alphaPattern =
    options.scaling === 'constant'
      ? patternOf(wanted, ({ rank }) => (alpha * rank) / r, alpha)
      : {};
  return {
    ...names,
    ...{ r, alpha, rslora, dropout: options.dropout, targets: wanted },
    rankPattern: patternOf(wanted, ({ rank }) => rank, r),
    alphaPattern,
    proof: proofOf(wanted),
    notes: notesOn({ allocation, format, all, chosen, targets, options }),
  };
}

function ofRoles(all: readonly LoraTarget[], roles: readonly string[] | undefined): LoraTarget[] {
  if (roles === undefined) return [...all];
  requireRoles(
    roles,
    (role) => all.some((own) => isOf(own, role)),
    all.flatMap(({ matrices }) => matrices.map(({ role }) => role)),
  );
  return all.map((own) => (roles.some((role) => isOf(own, role)) ? own : { ...own, rank: 0 }));
}

/** By the role in the document, or the end of the name in memory. */
function isOf({ name, matrices }: LoraTarget, role: string): boolean {
  return matrices.some((own) => own.role === role) || name === role || name.endsWith(`.${role}`);
}

/** Models of `_check_lora_target_modules_mamba` in PEFT, which computes with these weights by itself. */
const stateSpace = /^(Mamba2?|FalconMamba|FalconH1|NemotronH)(?!2)[A-Z]/;

/** Parameters with an axis for heads, which PEFT would take for a stack of experts. */
const byHeads = /(^|\.)rel_attn\.[qkvor]$/;

function isRefused({ name, parameter }: LoraTarget, architecture = ''): boolean {
  if (parameter && byHeads.test(name)) return true;
  return stateSpace.test(architecture) && /(^|\.)(out_proj|conv1d)(\.weight)?$/.test(name);
}

interface Decided {
  allocation: Allocation;
  format: string;
  /** As allocated. */
  all: readonly LoraTarget[];
  /** Without other roles. */
  chosen: readonly LoraTarget[];
  /** Without what cannot be adapted. */
  targets: readonly LoraTarget[];
  options: LoraOptions;
}

function notesOn({ allocation, format, all, chosen, targets, options }: Decided): string[] {
  const count = (some: readonly LoraTarget[]): string => `${some.length} of ${all.length} modules`;
  const lost = (before: readonly LoraTarget[], after: readonly LoraTarget[]): LoraTarget[] =>
    before.filter(({ rank }, i) => rank > 0 && after[i]!.rank === 0);
  const selection = allocation.budget.unit === 'selection';
  const zero = all.filter(({ rank }) => rank === 0);
  const roles = lost(all, chosen);
  const refused = lost(chosen, targets);
  const wanted = targets.filter(({ rank }) => rank > 0);
  const beyond = wanted.filter(({ rank, side }) => rank > side);
  const mixed = wanted.filter(isMixed);
  const fused = wanted.filter(({ parameter, matrices }) => parameter && matrices.length > 1);
  const notes: Array<[when: readonly LoraTarget[], note: string]> = [
    [zero, `${count(zero)} ${selection ? 'are not selected' : 'have rank 0'} and get no adapter`],
    [
      roles,
      `${count(roles)} are of other roles than targets and get no adapter, with ${partOf(roles, all)}`,
    ],
    [
      refused,
      `PEFT does not adapt ${shown(refused)}: ${count(refused)} get no adapter, with ${partOf(refused, all)}`,
    ],
    [
      mixed,
      `${count(mixed)} hold several matrices with different ranks and get one, the mean of theirs: ${shown(mixed)}`,
    ],
    [
      fused,
      `${shown(fused)} hold the experts of a block as transformers 5 does, one LoRA of the rank for each expert; ` +
        'version 4 has other names for them and leaves them without an adapter',
    ],
    [
      beyond,
      `${count(beyond)} get a rank above the smaller side of their matrix, beyond which nothing is gained: ${shown(beyond)}`,
    ],
  ];
  const ranks = wanted.map(({ rank }) => rank);
  const [low, high] = [Math.min(...ranks), Math.max(...ranks)];
  const alpha = options.alpha ?? high;
  const limit = limitOf(allocation.model?.architecture);
  return [
    ...(limit === undefined ? [] : [limit]),
    ...(selection
      ? [
          `a selection says which modules are adapted, not their rank: all have ${selectedRank} here; to train the selected weights themselves and freeze the rest, take the format spectrum or soup`,
        ]
      : []),
    ...(resources[allocation.budget.unit].routed
      ? [
          `${format} has no experts: each module gets one LoRA of rank experts x rank, with as many ` +
            'parameters as its experts but without their router and top-k',
        ]
      : []),
    ...notes.flatMap(([when, note]) => (when.length > 0 ? [note] : [])),
    ...(options.scaling !== 'constant' && low < high
      ? [
          `updates are scaled by ${options.scaling}: from ${scale(alpha, high, options)} at rank ${high} ` +
            `to ${scale(alpha, low, options)} at rank ${low}`,
        ]
      : []),
  ];
}

/** PEFT ignores names that a model does not have, without a word. */
function proofOf(wanted: readonly LoraTarget[]): string {
  const parameters = wanted.reduce((sum, target) => sum + target.rank * costInMemory(target), 0);
  return (
    `the LoRAs have ${Math.round(parameters).toLocaleString('en-US')} trainable parameters in ${wanted.length} ${wanted.length === 1 ? 'module' : 'modules'}: ` +
    'another number from print_trainable_parameters() of PEFT, which may add a new head, means that the model calls some of them otherwise'
  );
}

/**
 * Parameters of one rank as PEFT makes them: what was stored as several matrices beside one another shares its
 * A, what is stacked, such as experts, does not.
 */
function costInMemory({ matrices }: LoraTarget): number {
  const beside = new Set(matrices.map(({ role }) => role)).size;
  return matrices.reduce((sum, { inputs, outputs }) => sum + inputs / beside + outputs, 0);
}

function scale(alpha: number, rank: number, { scaling }: LoraOptions): string {
  return (alpha / (scaling === 'alpha/r' ? rank : Math.sqrt(rank))).toPrecision(3);
}

function shown(targets: readonly LoraTarget[]): string {
  const [first] = targets;
  if (!first) return '';
  const more = targets.length > 1 ? ` and ${targets.length - 1} more` : '';
  return `${printable(first.name)}${more}`;
}

/** How much of the allocation they are. */
function partOf(some: readonly LoraTarget[], all: readonly LoraTarget[]): string {
  const parameters = (targets: readonly LoraTarget[]): number =>
    targets.reduce((sum, { rank, cost }) => sum + rank * cost, 0);
  const share = (100 * parameters(some)) / parameters(all);
  return `${share.toPrecision(2)} % of the trainable parameters`;
}
