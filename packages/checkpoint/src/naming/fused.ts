/**
 * Projections that a family stores as one tensor, and where each of them lies in it.
 *
 * All arrangements are one pattern along the axis of the outputs: `count` runs of `length` indices,
 * `period` apart, the first at `start`.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import { isObject, type JsonObject } from '../json.js';

export interface FusedLayout {
  readonly parts: ReadonlyArray<'q' | 'k' | 'v' | 'gate' | 'up'>;
  /**
   * - `equal`: one after another, of equal size (GPT-2's c_attn, gate_up_proj);
   * - `grouped-query`: one after another, q for all heads, k and v for the key-value heads (Phi-3);
   * - `per-head`: q, k and v of the first head, then of the second, ... (GPT-NeoX, BLOOM);
   * - `alternating`: one index each in turn (gpt-oss).
   */
  readonly arrangement: 'equal' | 'grouped-query' | 'per-head' | 'alternating';
}

/** The indices `start + i * period + j` for i < count, j < length. */
export interface IndexPattern {
  readonly start: number;
  readonly length: number;
  readonly period: number;
  readonly count: number;
}

/**
 * The indices of each part, in the order of `layout.parts`.
 *
 * @param size of the axis of the outputs
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when the axis does not divide as the layout and the
 *   config say, or the config lacks the number of heads
 */
export function partPatterns(
  { parts, arrangement }: FusedLayout,
  size: number,
  config: JsonObject | undefined,
  weight: { name: string; file: string },
): IndexPattern[] {
  const count = parts.length;
  const whole = (length: number): number => {
    if (Number.isInteger(length)) return length;
    throw problem(weight, `${size} outputs do not divide into ${parts.join(', ')}`);
  };
  switch (arrangement) {
    case 'equal': {
      const length = whole(size / count);
      return parts.map((_, part) => ({ start: part * length, length, period: length, count: 1 }));
    }
    case 'alternating': {
      const each = whole(size / count);
      return parts.map((_, part) => ({ start: part, length: 1, period: count, count: each }));
    }
    case 'per-head': {
      const heads = headCount(config, ['num_attention_heads', 'n_head'], weight);
      const length = whole(size / count / heads);
      const period = count * length;
      return parts.map((_, part) => ({ start: part * length, length, period, count: heads }));
    }
    case 'grouped-query': {
      const heads = headCount(config, ['num_attention_heads'], weight);
      const kvHeads = setting(config, 'num_key_value_heads') ?? heads;
      const headSize = whole(size / (heads + 2 * kvHeads));
      const lengths = [heads * headSize, kvHeads * headSize, kvHeads * headSize];
      const starts = [0, lengths[0]!, lengths[0]! + lengths[1]!];
      return lengths.map((length, part) => {
        return { start: starts[part]!, length, period: length, count: 1 };
      });
    }
  }
}

function headCount(
  config: JsonObject | undefined,
  names: readonly string[],
  weight: { name: string; file: string },
): number {
  const heads = names.map((name) => setting(config, name)).find((value) => value !== undefined);
  if (heads !== undefined) return heads;
  throw problem(
    weight,
    `to split it, config.json must give ${names[0]}: open the folder that holds config.json, or read the tensor unsplit`,
  );
}

/** A positive whole number of the configuration, of its text model where there are several. */
export function setting(config: JsonObject | undefined, name: string): number | undefined {
  const text = config?.['text_config'];
  const value = (isObject(text) ? text[name] : undefined) ?? config?.[name];
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : undefined;
}

function problem({ name, file }: { name: string; file: string }, what: string): AlphaLoraError {
  return new AlphaLoraError('INVALID_CHECKPOINT', `${file}: ${name}: ${what}`, {
    details: { file, tensor: name },
  });
}
