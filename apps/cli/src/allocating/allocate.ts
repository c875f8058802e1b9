/** From measurements, or scores, and the options of the command line to an allocation. */
import {
  type AllocationJob,
  type Alternatives,
  areOfProjections,
  defaultPolicy,
  emptyBlocks,
  type Layer,
  layersFromScores,
  policies,
  type Score,
  scoredBy,
  scoresOfBlocks,
} from '@alphalora/allocator';
import { layersScoredBy } from '@alphalora/allocator/comparison';
import { type Allocation, AlphaLoraError, type Analysis, defined } from '@alphalora/contracts';
import { allocatedModel, analysisOfStack, coverageOf, defaultResource } from '@alphalora/documents';
import { alternativeScores, resolveMetrics } from '@alphalora/htsr-core';
import type { Plugins } from '@alphalora/plugins';
import { readScores } from '../files/scores.js';
import type { Io } from '../io.js';
import type { PolicyOptions, ResourceOptions } from '../options/allocating.js';
import { tell } from '../output/printable.js';
import { budgetFor, type Chosen, chosenResource } from './budget.js';

export type AllocatingOptions = ResourceOptions & PolicyOptions & { seed: number };

/** The same options, measuring what the policy looks at as well. */
export function measuringFor<Options extends { metrics?: string[] | undefined }>(
  options: Options,
  { scoredBy: metric }: Pick<Allocator, 'scoredBy'>,
): Options {
  if (metric === undefined) return options;
  const metrics = resolveMetrics(options.metrics);
  if (metrics.includes(metric)) return options;
  return { ...options, metrics: [...resolveMetrics([...metrics, metric])] };
}

/** What the layers are judged by. */
export type Evidence =
  | { analysis: Analysis; metric?: string; scores?: readonly Score[] }
  | { analysis?: undefined; scores: readonly Score[] };

/** The analysis with the stack of `--stack` as the main one. */
export function ofStack(analysis: Analysis, { stack }: { stack?: string | undefined }): Analysis {
  return stack === undefined ? analysis : analysisOfStack(analysis, stack);
}

/** The file of `--scores`, read before anything that takes long. */
export async function givenScores(
  { scores: file, measure }: AllocatingOptions,
  io: Pick<Io, 'signal'>,
): Promise<Score[] | undefined> {
  if (file === undefined) {
    if (measure === undefined) return undefined;
    throw new AlphaLoraError('INVALID_OPTION', '--measure chooses one in the file of --scores');
  }
  const scores = await readScores(file, io);
  return measure === undefined ? scores : scoredBy(scores, measure, file);
}

/** The chosen policy, with its options. */
export interface Allocator extends Chosen {
  /** Its name. */
  policy: string;
  /** Whether it may follow the score: it claims to by `traits.monotone`, or is of others, who need not claim it. */
  followsScore: boolean;
  /** The metric that it looks at; alpha where absent. */
  scoredBy?: string;
  allocate(evidence: Evidence): Promise<Allocation>;
  /** Checks what the scores do not change, for an analysis whose numbers are still to come. */
  verify(evidence: Evidence): Promise<void>;
}

/**
 * The policy that was named, or else the one of the configuration, or the resource's usual; opened
 * before anything is measured, so that a misspelt name does not cost an hour.
 */
export async function chosenAllocator(
  { defaults, settings, open }: Pick<Plugins, 'defaults' | 'settings' | 'open'>,
  options: AllocatingOptions,
): Promise<Allocator> {
  const usual = defaultPolicy(options.unit ?? defaultResource);
  const reference = options.policy ?? (await defaults()).policy ?? usual;
  const policy = await open(reference);
  const { name, traits, scoredBy: metric } = policy.info;
  const chosen = chosenResource(options, [policy.info]);
  const { unit } = chosen;
  if (!traits.resources.includes(unit)) {
    const by = options.policy === undefined ? ', which the configuration chose,' : '';
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `policy ${name}${by} is for ${traits.resources.join(', ')}, not for ${unit}: ` +
        `--policy names another, such as ${usual}`,
      { details: { policy: name } },
    );
  }
  if (options.rounding !== 'largest-remainder' && traits.answer === 'values') {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `--rounding has no effect here: policy ${name} rounds by itself`,
      { details: { policy: name } },
    );
  }
  const set = { ...(await settings(reference)), ...options.set };
  return {
    policy: name,
    followsScore: traits.monotone !== undefined || !policies.names().includes(name),
    ...chosen,
    ...defined({ scoredBy: metric }),
    allocate(given) {
      const evidence = judged(given);
      const alternatives = alternativesFor(evidence);
      const job = jobFor(evidence, { ...options, ...chosen, set });
      return policy.allocate({ ...job, ...defined({ alternatives }) });
    },
    verify: async (given) => policy.verify(jobFor(judged(given), { ...options, ...chosen, set })),
  };

  function judged(given: Evidence): Evidence {
    const measured = given.analysis !== undefined && !given.scores;
    return measured ? { ...given, ...defined({ metric }) } : given;
  }
}

/** What options of the score may not change, where the policy does not claim to follow it, as `uniform` does not. */
export function tellUnfollowed(
  { policy, followsScore }: Allocator,
  { scores, aggregate, cap }: { scores?: unknown; aggregate?: unknown; cap?: unknown },
  { stderr }: Pick<Io, 'stderr'>,
): void {
  const given = Object.entries({ '--scores': scores, '--aggregate': aggregate, '--cap': cap });
  const names = given.flatMap(([name, value]) => (value === undefined ? [] : name));
  if (followsScore || names.length === 0) return;
  tell(
    stderr,
    `note: policy ${policy} does not claim to follow the score: ${names.join(' and ')} may change no amount`,
  );
}

/** Layers whose router cannot select as many experts as was asked for. */
export function tellFewExperts(
  { budget, blocks, projections = [] }: Allocation,
  { topK }: Pick<AllocatingOptions, 'topK'>,
  { stderr }: Pick<Io, 'stderr'>,
): void {
  const layers: ReadonlyArray<{ experts?: number | undefined }> =
    budget.per === 'projection' ? projections : blocks;
  const few = layers.filter(({ experts = 0 }) => experts > 0 && experts < (topK ?? 0));
  if (few.length === 0) return;
  tell(
    stderr,
    `note: --top-k ${topK} is above the number of experts of ${few.length} of ${layers.length} ${budget.per ?? 'block'}s, where the router selects all`,
  );
}

export function jobFor(evidence: Evidence, options: AllocatingOptions & Chosen): AllocationJob {
  const { set, rounding, topK, rank, routerForOne, seed } = options;
  const layers = layersFor(evidence, options);
  const { analysis } = evidence;
  return {
    layers,
    ...(analysis && {
      empty: emptyBlocks(analysis),
      model: allocatedModel(analysis),
      ...defined({ stack: analysis.model.stack }),
    }),
    options: set,
    budget: budgetFor(options, layers.length),
    rounding,
    ...defined({ topK, routerForOne }),
    rank,
    seed,
    ...(byAlpha(evidence) && { covers: coverageOf(evidence.analysis) }),
  };
}

/** Other alphas that the blocks might have had; the allocator knows for which budgets they count. */
function alternativesFor(evidence: Evidence): Alternatives | undefined {
  if (!byAlpha(evidence)) return undefined;
  const { matrices, blocks, options } = evidence.analysis;
  return alternativeScores(matrices, blocks.length, options);
}

function layersFor(evidence: Evidence, { per, scores: file }: AllocatingOptions & Chosen): Layer[] {
  if (evidence.analysis) return layersScoredBy({ ...evidence, file }, { per });
  const { scores } = evidence;
  if (per === 'block' && areOfProjections(scores))
    return layersFromScores(rowsOf(scoresOfBlocks(scores)));
  if (per === 'projection' || scores.some(({ name }) => name !== undefined)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${file}: scores of projections need an analysis, which knows their shapes: ` +
        'alphalora allocate analysis.json --per projection --scores <file>',
    );
  }
  return layersFromScores(rowsOf(scores));
}

function byAlpha(evidence: Evidence): evidence is { analysis: Analysis } {
  return evidence.analysis !== undefined && !evidence.scores && evidence.metric === undefined;
}

function rowsOf(scores: readonly Score[]) {
  return scores.map(({ block, score }) => ({ score, ...defined({ block }) }));
}
