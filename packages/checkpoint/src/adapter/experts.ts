/**
 * Which updates are had of an adapter whose modules have several experts. What such a mixture adds to
 * a weight differs from token to token, as its router decides: one expert, or the mean of all, is a
 * change of the weight, and answers otherwise than the mixture.
 */
import { AlphaLoraError, errorIn } from '@alphalora/contracts';
import { quoted } from '../errors.js';
import type { AdapterFormat, ExpertChoice, LoraUpdate } from './adapter.js';

interface Chosen {
  readonly updates: readonly LoraUpdate[];
  /** What became of the experts, for people. */
  readonly note?: string;
}

/** What is chosen, of what. */
interface Choosing {
  readonly choice: ExpertChoice | undefined;
  /** Of the adapter, for messages. */
  readonly name: string;
  readonly router?: string;
  readonly format: AdapterFormat;
}

/**
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when there are several experts and none is chosen;
 *   `INVALID_OPTION` when the chosen one is not there, or there are no experts to choose among
 */
export function chosenUpdates(
  updates: readonly LoraUpdate[],
  { choice, name, router = 'unknown', format }: Choosing,
): Chosen {
  if (choice === 'each') return { updates };
  const modules = updatesByModule(updates);
  const counts = [...modules.values()].map(({ length }) => length);
  const most = Math.max(...counts);
  if (!updates.some(({ expert }) => expert !== undefined)) {
    if (choice === undefined) return { updates };
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${name} has one LoRA for each module, and no experts to choose among; leave expert out`,
    );
  }
  if (choice === undefined) {
    const several = counts.filter((count) => count > 1).length;
    const least = updates.reduce((all, { rank }) => Math.min(all, rank), Infinity);
    const largest = updates.reduce((all, { rank }) => Math.max(all, rank), 0);
    const ranked = least === largest ? `rank ${least}` : `ranks ${least} to ${largest}`;
    throw errorIn(
      'UNSUPPORTED_CHECKPOINT',
      name,
      `it is an adapter in the format of ${format} with several LoRA experts (up to ${most}, on ${several} of ${modules.size} projections, of ${ranked}), which the router ${quoted(router.slice(0, 100))} weighs token by token, so that they are no change of one weight; ` +
        'alphalora adapter inspect shows it, and alphalora adapter merge --expert <number> or --expert mean makes a model of one expert or of their mean; convert and compress make an adapter of it in the same way',
    );
  }
  const chosen = [...modules.values()].map((experts) => {
    if (choice === 'mean') return meanOf(experts);
    const found = experts.length === 1 ? experts[0] : experts[choice];
    if (found) return withoutExpert(found);
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${experts[0]!.module} of ${name} has ${experts.length} experts, numbered from 0: there is no expert ${choice}`,
    );
  });
  const what = choice === 'mean' ? 'the mean of all experts' : `expert ${choice} alone`;
  return {
    updates: chosen,
    note: `${name} is a mixture of up to ${most} experts, of which ${what} is taken, without the routers: it answers otherwise than the mixture`,
  };
}

/** The updates of each module, in their order. */
export function updatesByModule(updates: readonly LoraUpdate[]): Map<string, LoraUpdate[]> {
  const found = new Map<string, LoraUpdate[]>();
  for (const update of updates) {
    const same = found.get(update.module);
    if (same) same.push(update);
    else found.set(update.module, [update]);
  }
  return found;
}

function withoutExpert({ expert: _, ...update }: LoraUpdate): LoraUpdate {
  return update;
}

/** The mean of the experts' updates is one LoRA: A of all stacked, B of all side by side, scaled. */
function meanOf(experts: readonly LoraUpdate[]): LoraUpdate {
  const [first] = experts as [LoraUpdate];
  if (experts.length === 1) return withoutExpert(first);
  const { inputs, outputs } = first;
  const rank = experts.reduce((sum, each) => sum + each.rank, 0);
  return {
    ...withoutExpert(first),
    rank,
    scale: 1,
    // What is added up here may need more digits than the experts are stored with.
    dtype: 'F32',
    async readA(signal) {
      const all = new Float64Array(rank * inputs);
      let at = 0;
      for (const { rank: own, readA } of experts) {
        all.set(await readA(signal), at);
        at += own * inputs;
      }
      return all;
    },
    async readB(signal) {
      const all = new Float64Array(outputs * rank);
      let from = 0;
      for (const { rank: own, scale, readB } of experts) {
        const values = await readB(signal);
        for (let i = 0; i < outputs; i++) {
          for (let k = 0; k < own; k++) {
            all[i * rank + from + k] = (values[i * own + k]! * scale) / experts.length;
          }
        }
        from += own;
      }
      return all;
    },
  };
}
