/** How a model is opened and measured: options of every command that measures. */
import { castTypes } from '@alphalora/contracts/weights';
import { defaultEstimator, estimators } from '@alphalora/htsr-core/estimators';
import { type Command, Option } from '@commander-js/extra-typings';
import { aggregate, cap, jobs, json, oneOf, splitFused, stack } from './common.js';
import type { OptionsOf } from './declare.js';
import { headings } from './help.js';
import { byteSize, collectThreshold, decimal, integer, positive, windowSize } from './parsers.js';

/** Those of all engines; a test compares with what there is. */
export const builds = [
  'auto',
  'relaxed',
  'simd',
  'avx512bf16',
  'avx512',
  'avx2',
  'neon',
  'plain',
] as const;

const offlineHelp = 'make no network connections; read hf:// models from the local cache';

export type RemoteOptions = OptionsOf<typeof remote>;

/** Models on the hub. */
export const remote = (command: Command) =>
  command
    .optionsGroup(headings.hub)
    .option('--download', "keep the files of hf:// in the hub's cache, which Python shares")
    .option('--offline', offlineHelp);

/** Of commands that run a model, which download what is not there. */
export const offline = (command: Command) =>
  command.optionsGroup(headings.hub).option('--offline', offlineHelp);

export type MeasuringOptions = OptionsOf<typeof measuring>;

export const measuring = (command: Command) =>
  command
    .optionsGroup(headings.tail)
    .option(
      '--estimator <name>',
      `fit tails with ${oneOf(estimators.names())}; or a path or package`,
      defaultEstimator,
    )
    .option('--tail <count>', 'fit this many eigenvalues (hill only)', integer)
    .option('--tail-share <share>', 'fit this share of all (hill only; default: 0.25)', decimal)
    .option('--bag <samples>', 'average alpha over samples of each spectrum, e.g. 64', positive)
    .option('--min-tail <count>', 'mark tails of fewer eigenvalues as thin, e.g. 30', positive)
    .option('--evals-threshold <value>', 'fit only eigenvalues above this, e.g. 1e-5', decimal)
    .optionsGroup(headings.score)
    .addOption(aggregate())
    .addOption(cap())
    .optionsGroup(headings.metrics)
    .option(
      '--metrics <name...>',
      'compute these metrics or groups of them; all or none (default: cheap ones)',
    )
    .option(
      '--draws <count>',
      'sample each spectrum this often for the interval of alpha; 0 for none (default: 200)',
      integer,
    )
    .option('--bootstrap <count>', 'use bootstrap samples instead; 0 for none', integer)
    .option('--seed <number>', 'seed everything random', integer, 0)
    .optionsGroup(headings.farms)
    .option('--farms', 'pool windows of one aspect ratio instead of the whole matrix')
    .option('--farms-size <size>', 'use windows of this size (default: 2000x2000)', windowSize)
    .option('--farms-upright', 'do not turn windows on tall matrices, as the released code')
    .option(
      '--farms-windows <count>',
      'place at most this many along a side (default: 10)',
      positive,
    )
    .optionsGroup(headings.weights)
    .option('--adapter <model>', 'add the updates of this LoRA adapter: a folder, file or hf://...')
    .option(
      '--include <pattern...>',
      "measure only these weights, of any kind: a role or the end of a module's name, e.g. q_proj, or a pattern of whole names, e.g. '*.layers.{0,1}.*'",
    )
    .option('--exclude <pattern...>', "leave these weights out, e.g. down_proj or '*.layers.0.*'")
    .addOption(stack())
    .addOption(splitFused())
    .addOption(
      new Option(
        '--cast <type>',
        'round the weights to this type on loading (default: as stored)',
      ).choices(castTypes),
    )
    .optionsGroup(headings.computing)
    .option(
      '--engine <name>',
      'compute spectra with native, wasm, ml-matrix (reference), or a path or package; auto is the fastest that works',
      'auto',
    )
    .addOption(
      new Option(
        '--build <name>',
        'use this build of wasm, simd for equal bits on all machines, or this instruction set of native',
      )
        .choices(builds)
        .default('auto'),
    )
    .addOption(
      new Option(
        '--precision <arithmetic>',
        'compute in this precision; auto repeats in f64 what f32 does not resolve',
      )
        .choices(['auto', 'f32', 'f64'])
        .default('auto'),
    )
    .option('--queue <queue>', 'let the workers of redis://host/name measure')
    .addOption(jobs())
    .option(
      '--max-memory <size>',
      'limit the memory of the matrices being measured (default: 80 % of RAM)',
      byteSize,
    )
    .option('--cache-dir <folder>', 'keep spectra here for resumed and repeated runs')
    .option('--no-cache', 'keep no spectra and use none')
    .optionsGroup(headings.output)
    .option(
      '--fail-on <threshold>',
      'exit with code 4 if a threshold such as alpha>6 is crossed; may be repeated',
      collectThreshold,
    )
    .addOption(json());
