/**
 * Arguments of GPTQModel's `QuantizeConfig` (ModelCloud/GPTQModel 7.3, `quantization/config.py`):
 * `QuantizeConfig(**json.load(open(file)))`. Of `dynamic`, the first expression that matches a module's name from its
 * beginning counts; `+:` gives the module other bits, `-:` leaves it as it is.
 */
import { type Allocation, AlphaLoraError } from '@alphalora/contracts';
import type { Exporter } from '@alphalora/contracts/extensions';
import { printable } from '@alphalora/documents';
import { patternOf } from '../shared/lora/patterns.js';
import { notesOnMixed, type ValuedModule, valuedModules } from '../shared/values.js';

/** What a module has that is not quantized. */
const whole = 16;

export const gptqmodel: Exporter<Allocation, Record<never, never>> = {
  name: 'gptqmodel',
  kinds: ['allocation'],
  extension: 'json',
  units: ['bits'],
  export(allocation) {
    const all = valuedModules(allocation, 'gptqmodel');
    const modules = all
      .filter(({ parameter }) => !parameter)
      .map((own) => ({ ...own, value: Math.max(...own.values) }));
    for (const own of modules) requireBits(own);
    const bits = mostOften(modules.map(({ value }) => value).filter((value) => value !== whole));
    const patterns = patternOf(modules, ({ value }) => value, bits);
    const dynamic = Object.fromEntries(
      Object.entries(patterns).map(([key, value]) => {
        const expression = `(?:.*\\.)?(?:${key})$`;
        return value === whole ? [`-:${expression}`, {}] : [`+:${expression}`, { bits: value }];
      }),
    );
    return {
      files: `${JSON.stringify({ bits, dynamic }, null, 2)}\n`,
      notes: notesOn(all, modules, bits),
    };
  },
};

function notesOn(
  all: readonly ValuedModule[],
  modules: readonly ValuedModule[],
  bits: number,
): string[] {
  const parameters = all.filter(({ parameter }) => parameter);
  return [
    `modules that this allocation does not name and GPTQModel quantizes get ${bits} bits`,
    ...notesOnMixed(modules, 'bits', 'the most'),
    ...(parameters.length > 0
      ? [
          `${parameters.length} of ${all.length} are parameters in no module of their own, such as ${printable(parameters[0]!.name)}, and are left out: where GPTQModel divides them, they get ${bits} bits`,
        ]
      : []),
  ];
}

/** @throws AlphaLoraError `INVALID_OPTION` for bits that GPTQ has not */
function requireBits({ name, value }: ValuedModule): void {
  if (value === whole || (Number.isInteger(value) && value >= 2 && value <= 8)) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `GPTQModel takes 2 to 8 bits, or 16 for what stays as it is, and ${JSON.stringify(name)} would ` +
      `get ${value}: allocate with --min 2 --max 8`,
  );
}

/** @throws AlphaLoraError `INVALID_DOCUMENT` where there is none */
function mostOften(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const [first] = [...counts].sort(([a, m], [b, n]) => n - m || a - b);
  if (first) return first[0];
  throw new AlphaLoraError(
    'INVALID_DOCUMENT',
    'no module of this allocation has fewer than 16 bits: there is nothing to quantize',
  );
}
