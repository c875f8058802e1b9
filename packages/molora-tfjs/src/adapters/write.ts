/**
 * An adapter as its two files, `adapter_model.safetensors` and `adapter_config.json`, from which it
 * is read again without anything being typed in: see `keys.ts` for the tensors' names, `config.ts`
 * for the configuration.
 */

import { encodeValues, serializeSafetensors, type TensorData } from '@alphalora/checkpoint';
import { alphaOf } from '@alphalora/checkpoint/adapters';
import { AlphaLoraError } from '@alphalora/contracts';
import { transposed } from '@alphalora/contracts/weights';
import { allFinite } from '../ops/check-finite.js';
import type { AdaptedProjection, AdapterState, TensorValues } from './adapter-spec.js';
import { checkRouters, checkSpec, factorShapes } from './check.js';
import { peftConfig, SECTION, sectionOf } from './config.js';
import type { AdapterBase, AdapterFiles } from './files.js';
import { factorKey, isRouterMatrix, routerKey, WRAPPER } from './keys.js';
import { type ExpertFactors, unpackExperts } from './packing.js';

/**
 * The files of an adapter; the same bytes for the same adapter.
 *
 * @throws AlphaLoraError `INVALID_OPTION` when tensors are missing, left over or of other shapes
 *   than the specification says, or a value is NaN or infinite
 */
export function adapterFiles(state: AdapterState, base: AdapterBase = {}): AdapterFiles {
  checkState(state);
  const { spec, tensors } = state;
  const { projections, dropout } = spec;
  const stored = projections.flatMap((projection) =>
    expertsOf(projection, tensors).flatMap((factors, e) =>
      factorData(projection, e, projection.ranks[e]!, factors),
    ),
  );
  stored.push(...routerData(state));
  const single = projections.every(({ ranks }) => ranks.length === 1);
  // Of several experts the first stands for all: whoever does not know experts refuses the file.
  const ranks = projections.map((projection) => projection.ranks[0]!);
  const alphas = projections.map(({ scalings }, i) => alphaOf(ranks[i]!, scalings[0]!));
  const config = {
    ...peftConfig({
      ...base,
      peftType: single ? 'LORA' : 'MOLORA',
      dropout,
      projections,
      ranks,
      alphas,
    }),
    [SECTION]: sectionOf(spec),
  };
  return { weights: weightsFile(stored), config: jsonFile(config) };
}

export function weightsFile(tensors: readonly TensorData[]): Uint8Array[] {
  // Loaders of transformers and PEFT ask for the framework that wrote the file.
  return serializeSafetensors({ tensors, metadata: { format: 'pt' } });
}

export function jsonFile(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

export function expertsOf(
  { name, inputs, outputs, ranks }: AdaptedProjection,
  tensors: AdapterState['tensors'],
): ExpertFactors[] {
  const a = tensors[`${name}.lora_A`]!.values;
  const b = tensors[`${name}.lora_B`]!.values;
  return unpackExperts({ inputs, outputs, ranks, a, b });
}

/** The factors of one expert under their names on disk. */
export function factorData(
  projection: AdaptedProjection,
  expert: number,
  rank: number,
  { a, b }: ExpertFactors,
): TensorData[] {
  return [
    tensorData(factorKey(projection, 'A', expert), [rank, projection.inputs], a),
    tensorData(factorKey(projection, 'B', expert), [projection.outputs, rank], b),
  ];
}

function routerData({ spec: { projections }, tensors }: AdapterState): TensorData[] {
  const factors = new Set(projections.flatMap(({ name }) => [`${name}.lora_A`, `${name}.lora_B`]));
  const matrices = new Map(
    projections.map((projection) => [`${projection.name}.router`, projection]),
  );
  return Object.entries(tensors).flatMap(([name, { shape, values }]) => {
    if (factors.has(name)) return [];
    const projection = matrices.get(name);
    if (!projection || !isRouterMatrix(projection, shape)) {
      return [tensorData(`${WRAPPER}${name}`, shape, values)];
    }
    const [inputs, experts] = shape as [number, number];
    const turned = transposed(values, inputs, experts);
    return [tensorData(routerKey(projection), [experts, inputs], turned)];
  });
}

function tensorData(name: string, shape: readonly number[], values: Float32Array): TensorData {
  return { name, shape, dtype: 'F32', bytes: encodeValues(values, 'F32') };
}

/** @throws AlphaLoraError `INVALID_OPTION` when the parts do not fit one another */
export function checkState({ spec, tensors }: AdapterState): void {
  const refuse = (what: string, tensor?: string): AlphaLoraError =>
    new AlphaLoraError('INVALID_OPTION', `this adapter cannot be written: ${what}`, {
      details: { tensor },
    });
  checkSpec(spec, refuse);
  const left = new Set(Object.keys(tensors));
  for (const projection of spec.projections) {
    const { name } = projection;
    const { a, b } = factorShapes(projection);
    checkShape(`${name}.lora_A`, a);
    checkShape(`${name}.lora_B`, b);
    // It would take the name on disk of the router's matrix.
    const reserved = `${name}.router.router.weight`;
    if (left.has(reserved)) throw refuse(`the name ${JSON.stringify(reserved)} is reserved`);
  }
  checkRouters(left, spec.projections, refuse);
  for (const [name, { shape, values }] of Object.entries(tensors)) checkValues(name, shape, values);

  function checkShape(name: string, wanted: readonly number[]): void {
    const tensor: TensorValues | undefined = left.delete(name) ? tensors[name] : undefined;
    if (!tensor) throw refuse(`tensor ${JSON.stringify(name)} is missing`, name);
    if (tensor.shape.join() !== wanted.join()) {
      throw refuse(`tensor ${JSON.stringify(name)} is [${tensor.shape}], not [${wanted}]`, name);
    }
  }

  function checkValues(name: string, shape: readonly number[], values: Float32Array): void {
    const at = `tensor ${JSON.stringify(name)}`;
    const elements = shape.reduce((product, length) => product * length, 1);
    if (values.length !== elements) {
      throw refuse(`${at} of shape [${shape}] has ${values.length} values`, name);
    }
    if (!allFinite(values)) throw refuse(`${at} has NaN or infinity; did training diverge?`, name);
  }
}
