/**
 * The section `molora`, as `alphalora train` writes it and examples/pytorch: with it, the files of PEFT are those of
 * an adapter of ours. Of a mixture, beside the experts under the names of MoLA and their routers.
 */
import { defined } from '@alphalora/contracts';
import { unsupported } from '../../errors.js';
import type { Adapter, LoraUpdate } from '../adapter.js';
import { updatesByModule } from '../experts.js';
import { updateWeight } from '../weights.js';

/** @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when it changes more than linear maps of blocks */
export function moloraSection({
  updates,
  saved,
  config,
  mixture,
  source,
}: Adapter): Readonly<Record<string, unknown>> {
  if (saved.length > 0) {
    throw unsupported(
      `it holds the weight ${JSON.stringify(saved[0]!.name)} whole, and an adapter of alphalora has linear maps of blocks only; merge it into its base, or convert it to peft`,
      { file: source },
    );
  }
  const drop = config?.['lora_dropout'];
  return {
    version: 1,
    projections: [...updatesByModule(updates).values()].map(([first, ...others]) => ({
      ...projectionOf(first!, source),
      ranks: [first!, ...others].map(({ rank }) => rank),
      scalings: [first!, ...others].map(({ scale }) => scale),
      topK: mixture?.topK[first!.module] ?? 1,
    })),
    router: { name: 'top-k', options: {} },
    dropout: typeof drop === 'number' ? drop : 0,
  };
}

function projectionOf(update: LoraUpdate, file: string): Readonly<Record<string, unknown>> {
  const { module: name, inputs, outputs, embedding, kernel } = update;
  const { kind, block, role } = updateWeight(update, file);
  if (embedding || kernel || kind !== 'projection' || block === undefined) {
    throw unsupported(
      `it adapts ${JSON.stringify(name)}, and an adapter of alphalora has linear maps of blocks only; convert it to peft`,
      { file },
    );
  }
  return { name, block, ...defined({ role }), inputs, outputs };
}
