/** A unit as plain data, for a thread that opens its files and reads it there. */
import {
  isFromFiles,
  type PlainWeight,
  plainWeight,
  type WeightReader,
} from '@alphalora/checkpoint';
import { AlphaLoraError } from '@alphalora/contracts';
import { type SpectralUnit, spectralUnits } from '@alphalora/htsr-core';

export interface PlainUnit {
  weight: PlainWeight;
  /** Which of the weight's units it is. */
  name: string;
}

/** Whether other threads can read it; values of other sources are in this thread only. */
export function canTravel({ weight }: SpectralUnit): boolean {
  return weight !== undefined && isFromFiles(weight);
}

/** @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for a unit that is not from files */
export function plainUnit({ name, weight }: SpectralUnit): PlainUnit {
  const plain = weight && plainWeight(weight);
  if (plain) return { weight: plain, name };
  throw new AlphaLoraError(
    'UNSUPPORTED_CHECKPOINT',
    `${name}: its values are in this thread only, and cannot be measured in another`,
    { details: { tensor: name } },
  );
}

export async function unitAgain(
  { weight, name }: PlainUnit,
  reader: WeightReader,
): Promise<SpectralUnit> {
  const unit = spectralUnits(await reader.weight(weight)).find((each) => each.name === name);
  if (unit) return unit;
  throw new AlphaLoraError('NOT_FOUND', `${weight.name} has no matrix ${name}`);
}
