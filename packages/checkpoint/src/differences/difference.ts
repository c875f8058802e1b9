/**
 * What one weight has more than another: W - W_base, element by element, read in spans, so that no
 * more than a few megabytes of either are held beside what is asked for.
 */
import { defined } from '@alphalora/contracts';
import { elementTypes, quantizationOf, type WeightTensor } from '@alphalora/contracts/weights';
import { readRange } from '../tensors/range.js';
import { noted, plainWeight } from '../tensors/recipe.js';
import { elementCount } from '../values/sizes.js';

/** Elements that are read at a time of each. */
const SPAN = 1 << 20;

/**
 * The difference of two weights of one shape, with the place of the first. In float32, rounded once;
 * in float64 where one of them is read as that.
 */
export function differenceWeight(weight: WeightTensor, base: WeightTensor): WeightTensor {
  const { read: _, readInto: __, factors: ___, identity, ...description } = weight;
  const { name, shape } = weight;
  const wide = [weight, base].some(({ dtype }) => elementTypes[dtype].wide);
  const dtype = wide ? 'F64' : 'F32';
  const count = elementCount(shape);
  const isKnown = identity !== undefined && base.identity !== undefined;
  const difference: WeightTensor = {
    ...description,
    dtype,
    base: base.name,
    // Rounding of either is in the difference.
    ...defined({ quantization: quantizationOf(weight) ?? quantizationOf(base) }),
    ...(isKnown && { identity: `${identity} - ${base.identity}` }),
    read: (start = 0, end = count, signal) =>
      readRange({ name, file: name, dtype }, [start, end, count], async (target) => {
        for (let at = start; at < end; at += SPAN) {
          const to = Math.min(end, at + SPAN);
          const [own, others] = await Promise.all([
            weight.read(at, to, signal),
            base.read(at, to, signal),
          ]);
          for (let i = 0; i < own.length; i++) target[at - start + i] = own[i]! - others[i]!;
        }
      }),
  };
  const [minuend, subtrahend] = [plainWeight(weight), plainWeight(base)];
  return noted(
    difference,
    minuend && subtrahend && { from: 'difference', weight: minuend, base: subtrahend },
  );
}
