/** How a model is opened and measured: options of every command that measures. */
import { castTypes } from '@alphalora/contracts/weights';
import { defaultEstimator, estimators } from '@alphalora/htsr-core/estimators';
import { type Command, Option } from '@commander-js/extra-typings';
import { aggregate, cap, jobs, json, oneOf, splitFused, stack } from './common.js';
import type { OptionsOf } from './declare.js';
import { byteSize, collectThreshold, decimal, integer, positive, windowSize } from './parsers.js';

export type RemoteOptions = OptionsOf<typeof remote>;

/** Models on the hub. */
export const remote = (command: Command) =>
  command
    .option('--download', "keep the files of hf:// in the hub's cache, which Python shares")
    .option('--offline', "no connections: hf:// comes from the hub's cache");

export type MeasuringOptions = OptionsOf<typeof measuring>;

export const measuring = (command: Command) =>
  command
    .option(
      '--estimator <name>',
      `how the tail is fitted: ${oneOf(estimators.names())}; or a path or package`,
      defaultEstimator,
    )
    .option('--tail <count>', 'hill only: number of eigenvalues in the tail', integer)
    .option(
      '--tail-share <share>',
      'hill only: the same as a share of all (default: 0.25)',
      decimal,
    )
    .option('--bag <draws>', 'take alpha over so many draws of each spectrum, e.g. 64', positive)
    .option('--min-tail <count>', 'mark tails of fewer eigenvalues as thin, e.g. 30', positive)
    .option('--evals-threshold <value>', 'fit only eigenvalues above this, e.g. 1e-5', decimal)
    .addOption(aggregate())
    .addOption(cap())
    .option('--metrics <name...>', 'metrics or groups of them, all or none (default: cheap ones)')
    .option('--draws <count>', 'of a spectrum, for the interval of alpha (default: 200)', integer)
    .option('--bootstrap <count>', 'bootstrap samples in place of these draws; 0 for none', integer)
    .option('--seed <number>', 'of everything that is drawn at random', integer, 0)
    .option('--farms', 'pool windows of one aspect ratio instead of the whole matrix (FARMS)')
    .option('--farms-size <size>', 'of a window (default: 2000x2000)', windowSize)
    .option('--farms-upright', 'do not turn windows on tall matrices, as the released code')
    .option('--farms-windows <count>', 'most windows along a side (default: 10)', positive)
    .option('--adapter <model>', 'add the updates of this LoRA adapter: a folder, file or hf://...')
    .option(
      '--include <pattern...>',
      "measure only these weights, whatever their kind: a role or the end of a module's name, e.g. q_proj, or a pattern of whole names, e.g. '*.layers.{0,1}.*'",
    )
    .option('--exclude <pattern...>', "leave these weights out, e.g. down_proj or '*.layers.0.*'")
    .addOption(stack())
    .addOption(splitFused())
    .addOption(
      new Option(
        '--cast <type>',
        'round the weights to this type when they are loaded (default: as stored)',
      ).choices(castTypes),
    )
    .option('--engine <name>', 'wasm, ml-matrix for reference, or a path or package', 'wasm')
    .addOption(
      new Option('--build <name>', 'of wasm: the fastest, or simd for equal bits on all machines')
        .choices(['auto', 'relaxed', 'simd'])
        .default('auto'),
    )
    .addOption(
      new Option('--precision <arithmetic>', 'auto redoes in f64 what f32 does not resolve')
        .choices(['auto', 'f32', 'f64'])
        .default('auto'),
    )
    .option('--queue <queue>', 'have it measured by the workers of redis://host/name')
    .addOption(jobs())
    .option('--max-memory <size>', 'for the matrices in flight (default: 80 % of RAM)', byteSize)
    .option('--cache-dir <folder>', 'where spectra are kept for resumed and repeated runs')
    .option('--no-cache', 'keep no spectra and use none')
    .option(
      '--fail-on <threshold>',
      'end with 4 when e.g. alpha>6; may be repeated',
      collectThreshold,
    )
    .addOption(json());
