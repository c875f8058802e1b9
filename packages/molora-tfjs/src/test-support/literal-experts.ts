/**
 * The adapted projection written out as the papers state it: token by token, expert by expert, in
 * float64 without tensors, with gradients by central differences. What the packed layer is held to.
 */
import type { AdaptedProjection } from '../adapters/adapter-spec.js';

export type Numbers = Record<string, Float64Array>;
type Options = Record<string, unknown>;

export interface LiteralCase {
  readonly projection: AdaptedProjection;
  readonly router: { readonly name: string; readonly options: Options };
  readonly tokens: number;
  readonly task?: number;
}

/** `values` holds `x`, `kernel` [inputs, outputs], `bias` and the adapter's tensors by name. */
export function literalOutput(literal: LiteralCase, values: Numbers): Float64Array {
  const { inputs, outputs } = literal.projection;
  const output = new Float64Array(literal.tokens * outputs);
  for (let t = 0; t < literal.tokens; t++) {
    const token = values['x']!.subarray(t * inputs, (t + 1) * inputs);
    const answers = literal.projection.ranks.map((_, e) => expertAnswer(literal, values, token, e));
    const gates = literalGates(literal, values, token, answers);
    for (let o = 0; o < outputs; o++) {
      let sum = values['bias']![o]!;
      for (let i = 0; i < inputs; i++) sum += token[i]! * values['kernel']![i * outputs + o]!;
      answers.forEach((answer, e) => {
        sum += gates[e]! * answer[o]!;
      });
      output[t * outputs + o] = sum;
    }
  }
  return output;
}

/** Gradients of `sum(weights * output)` for every number of every tensor. */
export function literalGradients(
  literal: LiteralCase,
  values: Numbers,
  weights: Float64Array,
  names: readonly string[],
): Numbers {
  const step = 1e-5;
  const loss = () => literalOutput(literal, values).reduce((sum, y, i) => sum + y * weights[i]!, 0);
  return Object.fromEntries(
    names.map((name) => {
      const numbers = values[name]!;
      const gradient = numbers.map((value, i) => {
        numbers[i] = value + step;
        const above = loss();
        numbers[i] = value - step;
        const below = loss();
        numbers[i] = value;
        return (above - below) / (2 * step);
      });
      return [name, gradient];
    }),
  );
}

/** (lora_alpha / r) B A x of one expert. */
function expertAnswer(literal: LiteralCase, values: Numbers, token: Float64Array, expert: number) {
  const { name, inputs, outputs, ranks, scalings } = literal.projection;
  const all = ranks.reduce((sum, rank) => sum + rank, 0);
  const first = ranks.slice(0, expert).reduce((sum, rank) => sum + rank, 0);
  const answer = new Float64Array(outputs);
  for (let r = first; r < first + ranks[expert]!; r++) {
    let hidden = 0;
    for (let i = 0; i < inputs; i++) hidden += token[i]! * values[`${name}.lora_A`]![i * all + r]!;
    for (let o = 0; o < outputs; o++)
      answer[o]! += scalings[expert]! * hidden * values[`${name}.lora_B`]![r * outputs + o]!;
  }
  return answer;
}

function literalGates(
  literal: LiteralCase,
  values: Numbers,
  token: Float64Array,
  answers: readonly Float64Array[],
): number[] {
  const { projection, router, task = 0 } = literal;
  const { name, inputs, outputs, topK } = projection;
  const experts = projection.ranks.length;
  if (experts === 1) return [1];
  const weights = values[`${name}.router`]!;
  const tasks = (router.options['tasks'] as number | undefined) ?? 1;
  const embedding = values[`${name}.router.task`];
  const logits = Array.from({ length: experts }, (_, e) => {
    let sum = 0;
    for (let i = 0; i < inputs; i++) {
      const seen = token[i]! + (embedding ? embedding[task * inputs + i]! : 0);
      sum += seen * weights[i * tasks * experts + task * experts + e]!;
    }
    return sum;
  });
  const order = logits.map((_, e) => e).sort((a, b) => logits[b]! - logits[a]! || a - b);
  const p = softmax(logits);
  if (router.name === 'top-k') {
    const selected = order.slice(0, topK);
    const total = selected.reduce((sum, e) => sum + p[e]!, 0);
    return p.map((value, e) => (selected.includes(e) ? value / total : 0));
  }
  if (router.name === 'soft') return p;
  if (router.name === 'adaptive-shared') {
    const sparse = experts - (router.options['shared'] as number);
    const active = order.filter((e) => e < sparse).slice(0, topK + sparse - experts);
    for (let e = sparse; e < experts; e++) active.push(e);
    const joint = softmax(active.map((e) => logits[e]!));
    return logits.map((_, e) => (active.includes(e) ? joint[active.indexOf(e)]! : 0));
  }
  if (router.name === 'entropy') {
    const { threshold, q, topP } = router.options as Record<string, number>;
    const tsallis = (d: number[]) => (1 - d.reduce((sum, v) => sum + v ** q!, 0)) / (q! - 1);
    const uniform = p.map(() => 1 / experts);
    if (tsallis(p) / tsallis(uniform) > threshold!) return p;
    let cumulative = 0;
    const kept = order.filter((e, position) => {
      cumulative += p[e]!;
      return cumulative <= topP! || position < topK;
    });
    return p.map((value, e) => (kept.includes(e) ? value : 0));
  }
  const norm = Math.sqrt(answers.flatMap((answer) => [...answer]).reduce((s, v) => s + v * v, 0));
  const masked = (router.options['masked'] as number[] | undefined) ?? [];
  const temperature = values[`${name}.router.temperature`]![0]!;
  const scores = answers.map((_, e) => {
    let sum = 0;
    answers.forEach((answer, i) => {
      for (let o = 0; o < outputs; o++)
        sum += (answer[o]! / norm) * weights[o * experts ** 2 + i * experts + e]!;
    });
    return masked.includes(e) ? Number.NEGATIVE_INFINITY : sum / temperature;
  });
  return softmax(scores);
}

function softmax(values: readonly number[]): number[] {
  const powers = values.map((value) => Math.exp(value));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
