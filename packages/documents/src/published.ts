/**
 * AlphaLoRA as its authors released it (arXiv 2410.10054; github.com/morelife2017/alphalora,
 * expert_number.py): the model is loaded in float16, each linear map of its blocks is fitted by fix-finger, a
 * block's score is the mean, and experts are in proportion to its 2.5th power, rounded as the script does.
 */
import { type Analysis, defined } from '@alphalora/contracts';
import { quantizationOf } from '@alphalora/contracts/weights';

/** How the released AlphaLoRA measures: options of `analyzeModel` of `@alphalora/measuring`. */
export const publishedMeasuring = {
  cast: 'float16',
  estimator: 'fix-finger',
  aggregate: 'mean',
} as const;

/** How the released AlphaLoRA allocates: a policy's name and options, what it allocates, and the rounding. */
export const publishedAllocating = {
  policy: 'alphalora',
  set: { beta: 2.5 },
  unit: 'experts',
  per: 'block',
  rounding: 'official',
} as const;

/** Options that the released code has nothing of, and the part of an analysis that they leave. */
const others = [
  'farms',
  'bag',
  'cap',
  'evalsThreshold',
  'include',
  'exclude',
  'splitFused',
  'adapter',
  'base',
];

/**
 * How an analysis was measured otherwise than the released AlphaLoRA does; how the scores come from the rows,
 * which can be done again, is left aside.
 *
 * @returns `estimator hill, not fix-finger`, ...; nothing where it is the same
 */
export function unpublished({ options, matrices, model }: Analysis): string[] {
  const { estimator, cast } = publishedMeasuring;
  const measured = matrices.filter(({ status }) => status === 'ok');
  const isHalf = measured.every((row) => row.dtype === 'F16' && quantizationOf(row) === undefined);
  const added: Record<string, unknown> = {
    ...options,
    ...defined({ adapter: model.adapter, base: model.base }),
  };
  return [
    ...(options.estimator === estimator
      ? []
      : [`estimator ${options.estimator}, not ${estimator}`]),
    ...(options['cast'] === cast || isHalf
      ? []
      : [`cast ${options['cast'] ?? 'to no type'}, not ${cast}`]),
    ...others.flatMap((name) => {
      const value = added[name];
      return value === undefined || value === false ? [] : `with ${name}`;
    }),
  ];
}
