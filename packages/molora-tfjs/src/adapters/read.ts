/**
 * Reads an adapter from its two files, as `write.ts`, PEFT or the released code of MoLA wrote them.
 *
 * Files may come from anybody. Every shape of the configuration is checked against the header of the
 * weights, and that against their length, before memory is taken; every tensor is accounted for.
 */

import { readAdapter, readCheckpoint } from '@alphalora/checkpoint';
import { errorIn } from '@alphalora/contracts';
import { type ByteSource, transposed, type WeightTensor } from '@alphalora/contracts/weights';
import { allFinite } from '../ops/check-finite.js';
import type { AdaptedProjection, AdapterSpec, TensorValues } from './adapter-spec.js';
import { checkRouters, factorShapes, type Refusal } from './check.js';
import { parseSection, SECTION } from './config.js';
import type { StoredAdapter } from './files.js';
import { factorKey, routerKey, WRAPPER } from './keys.js';
import { type ExpertFactors, packExperts } from './packing.js';
import { importPeft } from './peft.js';

export interface AdapterSources {
  /** adapter_model.safetensors */
  weights: ByteSource;
  /** adapter_config.json */
  config: ByteSource;
}

/**
 * Reads an adapter whole. The sources stay open.
 *
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when a file breaks its format, the two contradict each
 *   other or a value is NaN or infinite; `UNSUPPORTED_CHECKPOINT` when PEFT wrote it and it is more
 *   than LoRA on linear maps of blocks, or a later version of this package did
 */
export async function readAdapterFiles(
  { weights, config }: AdapterSources,
  { signal }: { signal?: AbortSignal } = {},
): Promise<StoredAdapter> {
  const given = signal ? { signal } : {};
  const checkpoint = await readCheckpoint({ files: [weights], config }, given);
  const settings = checkpoint.config!;
  if (!Object.hasOwn(settings, SECTION)) {
    const adapter = await readAdapter({ weights, config }, { ...given, expert: 'each' });
    return importPeft(adapter, given);
  }
  const spec = parseSection(settings[SECTION], config.name);
  const tensors = await readTensors(spec, checkpoint.tensors, weights.name, signal);
  const base = settings['base_model_name_or_path'];
  return {
    state: { spec, tensors },
    ...(typeof base === 'string' && base !== '' && { base }),
    ...(settings['fan_in_fan_out'] === true && { inputFirst: true }),
  };
}

/** What to read, once all names and shapes have been found right. */
interface Plan {
  experts: ReadonlyArray<{
    projection: AdaptedProjection;
    factors: ReadonlyArray<{ a: WeightTensor; b: WeightTensor }>;
  }>;
  /** The routers' matrices, transposed in memory. */
  matrices: ReadonlyArray<{ name: string; tensor: WeightTensor }>;
  /** By their name in memory. */
  others: ReadonlyArray<{ name: string; tensor: WeightTensor }>;
}

async function readTensors(
  spec: AdapterSpec,
  stored: readonly WeightTensor[],
  file: string,
  signal: AbortSignal | undefined,
): Promise<Record<string, TensorValues>> {
  const refuse: Refusal = (what, tensor) =>
    errorIn(
      'INVALID_CHECKPOINT',
      file,
      `${what}; it is damaged, or its configuration is of another adapter`,
      { details: { tensor } },
    );
  const { experts, matrices, others } = plan(spec, stored, refuse);
  const tensors: Array<[string, TensorValues]> = [];
  for (const { projection, factors } of experts) {
    const read: ExpertFactors[] = [];
    for (const { a, b } of factors) read.push({ a: await values(a), b: await values(b) });
    const packed = packExperts(projection, read);
    const shapes = factorShapes(projection);
    tensors.push(
      [`${projection.name}.lora_A`, { shape: shapes.a, values: packed.a }],
      [`${projection.name}.lora_B`, { shape: shapes.b, values: packed.b }],
    );
  }
  for (const { name, tensor } of matrices) {
    const [rows, columns] = tensor.shape as [number, number];
    const turned = transposed(await values(tensor), rows, columns);
    tensors.push([name, { shape: [columns, rows], values: turned }]);
  }
  for (const { name, tensor } of others) {
    tensors.push([name, { shape: tensor.shape, values: await values(tensor) }]);
  }
  return Object.fromEntries(tensors);

  async function values({ name, read }: WeightTensor): Promise<Float32Array> {
    const decoded = await read(undefined, undefined, signal);
    const narrow = decoded instanceof Float32Array ? decoded : Float32Array.from(decoded);
    if (allFinite(narrow)) return narrow;
    throw refuse(`tensor ${JSON.stringify(name)} has NaN or infinity`, name);
  }
}

function plan(
  { projections }: AdapterSpec,
  stored: readonly WeightTensor[],
  refuse: Refusal,
): Plan {
  const left = new Map(stored.map((tensor) => [tensor.name, tensor]));
  const experts = projections.map((projection) => {
    const { inputs, outputs, ranks } = projection;
    const factors = ranks.map((rank, e) => {
      const a = take(factorKey(projection, 'A', e), [rank, inputs]);
      return { a, b: take(factorKey(projection, 'B', e), [outputs, rank]) };
    });
    return { projection, factors };
  });
  const matrices = projections.flatMap((projection) => {
    const { name, inputs, ranks } = projection;
    const key = routerKey(projection);
    if (!left.has(key)) return [];
    return [{ name: `${name}.router`, tensor: take(key, [ranks.length, inputs]) }];
  });
  const names = new Set(matrices.map(({ name }) => name));
  const others = [...left.values()].map((tensor) => {
    const at = `tensor ${JSON.stringify(tensor.name.slice(0, 200))}`;
    if (!tensor.name.startsWith(WRAPPER)) throw refuse(`${at} is no part of an adapter`);
    const name = tensor.name.slice(WRAPPER.length);
    if (names.has(name)) throw refuse(`${at} is there twice, under another name`);
    checkType(tensor);
    return { name, tensor };
  });
  checkRouters([...names, ...others.map(({ name }) => name)], projections, refuse);
  return { experts, matrices, others };

  function take(name: string, shape: readonly number[]): WeightTensor {
    const tensor = left.get(name);
    if (!tensor) throw refuse(`tensor ${JSON.stringify(name)} is missing`, name);
    if (tensor.shape.join() !== shape.join()) {
      throw refuse(
        `tensor ${JSON.stringify(name)} is [${tensor.shape}], where its configuration says [${shape}]`,
        name,
      );
    }
    checkType(tensor);
    left.delete(name);
    return tensor;
  }

  function checkType({ name, dtype }: WeightTensor): void {
    if (/^(BF16|F16|F32|F64)$/.test(dtype)) return;
    throw refuse(
      `tensor ${JSON.stringify(name.slice(0, 200))} has elements of type ${dtype}, not floats`,
    );
  }
}
