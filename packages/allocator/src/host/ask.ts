/** Asks a policy: its options through its schema, then its answer, checked for what it must be. */
import { AlphaLoraError, refusedOptions } from '@alphalora/contracts';
import type {
  AllocationPolicy,
  LayerFact,
  PolicyAnswer,
  PolicyLayer,
} from '@alphalora/contracts/extensions';
import type { Budget } from '../budget/budget.js';
import type { Layer } from '../layers.js';
import { frozen } from './frozen.js';
import { type Guard, guarded } from './guarded.js';
import { policyRandom } from './random.js';

// biome-ignore lint/suspicious/noExplicitAny: the options of each policy are its own
type AnyPolicy = AllocationPolicy<any>;

/**
 * The options as the policy's schema completes them.
 *
 * @throws AlphaLoraError `INVALID_OPTION` naming the policy and the option, `POLICY_FAILED` when the
 *   schema itself fails
 */
export async function optionsFor(
  policy: AnyPolicy,
  given: Readonly<Record<string, unknown>>,
  guard: Guard,
): Promise<Record<string, unknown>> {
  const { name, options: schema } = policy;
  if (!schema) {
    if (Object.keys(given).length === 0) return {};
    throw refusedOptions('policy', name, given);
  }
  let copy: unknown;
  try {
    copy = frozen(structuredClone(given));
  } catch (cause) {
    throw new AlphaLoraError('INVALID_OPTION', `the options for policy ${name} are no plain data`, {
      details: { policy: name },
      cause,
    });
  }
  return guarded(async () => {
    const result = await schema['~standard'].validate(copy);
    if (!result.issues) return frozen(result.value) as Record<string, unknown>;
    throw refusedOptions('policy', name, given, result.issues, schema);
  }, guard);
}

/**
 * What the policy says of its rule, if anything.
 *
 * @throws AlphaLoraError `POLICY_FAILED` when it throws, or gives anything but one line of text
 */
export async function ruleOf(
  policy: AnyPolicy,
  options: Record<string, unknown>,
  layer: 'block' | 'projection',
  guard: Guard,
): Promise<string | undefined> {
  if (!policy.describe) return undefined;
  return guarded(() => {
    const rule: unknown = policy.describe!({ options, layer });
    if (typeof rule === 'string' && /^\S.*\S$/.test(rule)) return rule;
    throw new Error('describe must return one line of text, without space around it');
  }, guard);
}

const sources: Record<LayerFact, { has: (layer: PolicyLayer) => boolean; from: string }> = {
  shapes: {
    has: ({ inputs, outputs, parameters }) => inputs > 0 && outputs > 0 && parameters > 0,
    from: 'an analysis knows them; a file of scores does not',
  },
  variance: {
    has: ({ variance }) => variance !== undefined && Number.isFinite(variance),
    from: 'an analysis with the metric norm knows it',
  },
  role: {
    has: ({ role }) => role !== undefined,
    from: 'an analysis knows it, for a budget per projection',
  },
};

/** @throws AlphaLoraError `INVALID_OPTION` naming the layer, what it lacks and where that comes from */
export function requireFacts(
  { name, requires = [] }: AnyPolicy,
  layers: readonly PolicyLayer[],
): void {
  for (const fact of requires) {
    const { has, from } = sources[fact];
    const poor = layers.find((layer) => !has(layer));
    if (!poor) continue;
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `policy ${name} needs the ${fact} of every layer, and ${nameOf(poor)} has none: ${from}`,
      { details: { policy: name, fact, layer: poor.index } },
    );
  }
}

/**
 * Scores from elsewhere may be anything; what was measured has to be what the policy looks at.
 *
 * @throws AlphaLoraError `INVALID_OPTION` naming both
 */
export function requireScoredBy(
  { name, scoredBy }: AnyPolicy,
  layers: ReadonlyArray<Pick<Layer, 'scoredBy'>>,
): void {
  if (scoredBy === undefined) return;
  const odd = layers.find((layer) => layer.scoredBy !== undefined && layer.scoredBy !== scoredBy);
  if (!odd) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `policy ${name} looks at the metric ${scoredBy}, and the layers are scored with ` +
      `${odd.scoredBy}: take them from layersOf(analysis, { scoredBy: '${scoredBy}' })`,
    { details: { policy: name, metric: scoredBy } },
  );
}

/** For messages: a projection by its name, a block by its index. */
export function nameOf({ name, block }: Pick<PolicyLayer, 'name' | 'block'>): string {
  return name === undefined ? `block ${block}` : name;
}

export interface Question {
  policy: AnyPolicy;
  options: unknown;
  /** Frozen, with everything in them. */
  layers: readonly PolicyLayer[];
  budget: Budget;
  seed: number;
  guard: Guard;
}

/**
 * The policy's numbers: weights, or the quantities themselves, as its traits say.
 *
 * @throws AlphaLoraError `POLICY_FAILED` when it throws, does not settle or returns what is no answer
 */
export async function ask(question: Question): Promise<readonly number[]> {
  const { policy, options, layers, budget, seed, guard } = question;
  return guarded(async (signal) => {
    const answer = await policy.allocate({
      layers,
      options,
      budget: Object.freeze({ ...budget.forPolicy }),
      random: policyRandom(seed),
      signal,
    });
    return checkedAnswer(answer, policy, layers, budget);
  }, guard);
}

/** What is most often behind an answer that is no number: a field that no layer has. */
export function misspelt(found: unknown): string {
  if (found !== undefined && !Number.isNaN(found)) return '';
  return (
    '; is a field misspelt? A layer has index, block, score, inputs, outputs, parameters, cost and ' +
    'price; variance, role, name and max where they are known'
  );
}

function checkedAnswer(
  answer: PolicyAnswer,
  { traits }: AnyPolicy,
  layers: readonly PolicyLayer[],
  { kind, min, max, maxima, prices, limit, stated, measure }: Budget,
): readonly number[] {
  const { answer: field } = traits;
  const list: unknown =
    typeof answer === 'object' && answer !== null
      ? (answer as unknown as Record<string, unknown>)[field]
      : undefined;
  // Errors thrown here are wrapped with the policy's name.
  if (!Array.isArray(list) || list.length !== layers.length) {
    const got = Array.isArray(list) ? `${list.length} numbers` : 'none';
    throw new Error(
      `it must return { ${field}: [one number for each of ${layers.length} layers] }, and there ` +
        `are ${got}`,
    );
  }
  const numbers: readonly unknown[] = [...list];
  const refuse = (what: string, sound: (value: number, at: number) => boolean): void => {
    const at = numbers.findIndex((value, i) => typeof value !== 'number' || !sound(value, i));
    if (at === -1) return;
    const found = numbers[at];
    throw new Error(
      `${field} must be ${what}, and ${nameOf(layers[at]!)} has ${found}${misspelt(found)}`,
    );
  };
  refuse('finite and not negative', (value) => Number.isFinite(value) && value >= 0);
  const sound = numbers as readonly number[];
  if (field === 'weights') {
    const sum = sound.reduce((accumulated, weight) => accumulated + weight, 0);
    if (sum > 0 && Number.isFinite(sum)) return sound;
    throw new Error(`weights must have a finite sum above zero, and it is ${sum}`);
  }
  if (kind.whole) refuse('integers', Number.isSafeInteger);
  const slack = kind.whole ? 0 : 1e-9;
  refuse(
    `within the bounds ${min} and ${max}`,
    (value) => value >= min - slack && value <= max + slack,
  );
  refuse(
    "at most the layer's own max, the largest rank that its matrices can have",
    (value, i) => value <= maxima[i]! + slack,
  );
  const spent = sound.reduce((sum, value, i) => sum + prices[i]! * value, 0);
  // Exact where all terms are integers.
  if (spent > limit + (Number.isSafeInteger(limit) && kind.whole ? 0 : 1e-9 * limit)) {
    throw new Error(
      `its values exceed the budget of ${stated.total} (${stated.unit}, ${measure}) by a ` +
        `factor of ${spent / limit}`,
    );
  }
  return sound;
}
