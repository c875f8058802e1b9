/**
 * Experts for PyTorch: `molora.py`, which puts them on a loaded model and trains, saves and merges them, and
 * the `adapter_config.json` that says which. The configuration is that of adapters which `alphalora train`
 * writes, so that what is trained in PyTorch is read here, and the reverse.
 */
import { namesInMemory, unwrappedName } from '@alphalora/checkpoint';
import { type Allocation, AlphaLoraError } from '@alphalora/contracts';
import type { Exporter } from '@alphalora/contracts/extensions';
import { printable } from '@alphalora/documents';
import * as v from 'valibot';
import { molora } from '../../dist/molora.js';
import { type AdaptedModule, adaptedModules, isPart, requireRoles } from '../shared/adapters.js';

/** Those of `ROUTERS` in molora.py that new experts can have. */
const routers = ['top-k', 'soft', 'entropy', 'adaptive-shared'] as const;

export interface PytorchOptions {
  router: (typeof routers)[number];
  /**
   * What an expert's output is multiplied by: alpha over its rank, as `alphalora train` has it, or over the rank's
   * square root, or alpha over the largest rank for all, or nothing.
   * @default alpha/r; none for adaptive-shared, whose paper does not scale, unless an alpha is given
   */
  scaling?: 'alpha/r' | 'alpha/sqrt(r)' | 'constant' | 'none';
  /** @default 16 */
  alpha?: number;
  /** Share of the experts' inputs that is dropped while training. */
  dropout: number;
  /** Roles to adapt; the others get nothing. @default all */
  targets?: string[];
}

/** The recipe of AlphaLoRA (arXiv 2410.10054, section 4), as `alphalora train` has it. */
const options: v.GenericSchema<unknown, PytorchOptions> = v.strictObject({
  router: v.optional(v.picklist(routers), 'top-k'),
  scaling: v.exactOptional(v.picklist(['alpha/r', 'alpha/sqrt(r)', 'constant', 'none'])),
  alpha: v.exactOptional(v.pipe(v.number(), v.finite(), v.gtValue(0))),
  dropout: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1)), 0.05),
  targets: v.exactOptional(v.pipe(v.array(v.string()), v.minLength(1))),
});

export const pytorch: Exporter<Allocation, PytorchOptions> = {
  name: 'pytorch',
  kinds: ['allocation'],
  units: ['experts', 'rank'],
  options,
  export(allocation, { router, dropout, targets, ...scaled }) {
    const { alpha = 16 } = scaled;
    const scaling = scaled.scaling ?? usualScaling(router, scaled.alpha);
    const all = adaptedModules(allocation, 'pytorch');
    const roles = all.map(({ role }) => role);
    if (targets) requireRoles(targets, (role) => roles.includes(role), roles);
    const given = all.filter(
      ({ role, experts, rank }) => experts > 0 && rank > 0 && (targets?.includes(role) ?? true),
    );
    const { architecture } = allocation.model ?? {};
    const isMap = ({ name }: AdaptedModule): boolean => {
      const [own, ...more] = namesInMemory(name, architecture);
      return !isPart(name) && more.length === 0 && !own!.parameter;
    };
    const modules = given.filter(isMap);
    if (modules.length === 0) {
      throw new AlphaLoraError(
        'INVALID_DOCUMENT',
        given.length > 0
          ? `${printable(given[0]!.name)} and all others are no linear maps in PyTorch, which molora.py adapts: --to peft takes them as parameters`
          : 'no projection of this allocation gets an expert: there is nothing to adapt',
      );
    }
    const ranks = modules.map(({ rank }) => rank);
    const [smallest, largest] = [Math.min(...ranks), Math.max(...ranks)];
    const scalingOf = {
      'alpha/r': (rank: number) => alpha / rank,
      'alpha/sqrt(r)': (rank: number) => alpha / Math.sqrt(rank),
      constant: () => alpha / largest,
      none: () => 1,
    }[scaling];
    const projections = modules.map(({ name, experts, rank, topK, ...place }) => ({
      name: name.replace(/\.weight$/, ''),
      ...moduleOf(name, architecture),
      block: place.block,
      role: place.role,
      inputs: place.inputs,
      outputs: place.outputs,
      ranks: Array.from({ length: experts }, () => rank),
      scalings: Array.from({ length: experts }, () => scalingOf(rank)),
      topK,
    }));
    const config = {
      molora: { version: 1, projections, router: { name: router, options: {} }, dropout },
    };
    const without = all.length - modules.length;
    return {
      files: { 'molora.py': molora, 'adapter_config.json': `${JSON.stringify(config, null, 2)}\n` },
      notes: [
        ...(without > 0 ? [`${without} of ${all.length} modules get no experts`] : []),
        ...(given.length > modules.length
          ? [
              `${given.length - modules.length} of them are in one tensor with others or divided in PyTorch (transformers 5), such as ` +
                `${printable(given.find((own) => !isMap(own))!.name)}, and molora.py adapts linear maps`,
            ]
          : []),
        ...(scaling === 'alpha/r' && smallest < largest
          ? [
              `updates of rank ${smallest} are scaled by ${alpha / smallest}, those of rank ${largest} by ${alpha / largest}, as alphalora train ` +
                'does; --scaling constant gives all the same, as the format peft does',
            ]
          : []),
        'molora.py needs torch 2.1 or later and safetensors; its first lines say how to use it',
      ],
    };
  },
};

/** As `alphalora train` scales: ASE (arXiv 2510.00570) has B A x without a factor. */
function usualScaling(
  router: PytorchOptions['router'],
  alpha: number | undefined,
): NonNullable<PytorchOptions['scaling']> {
  return router === 'adaptive-shared' && alpha === undefined ? 'none' : 'alpha/r';
}

/** Where the model holds it, if that is not called as on disk. */
function moduleOf(name: string, architecture: string | undefined): { module?: string } {
  const [own] = namesInMemory(name, architecture);
  const module = [...own!.before, own!.name].join('.');
  return module === unwrappedName(name).replace(/\.weight$/, '') ? {} : { module };
}
