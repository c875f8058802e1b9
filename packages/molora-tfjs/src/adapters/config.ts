/**
 * `adapter_config.json`. The settings that PEFT reads stand where PEFT has them; the section
 * `molora` holds what PEFT and the released MoLA and AlphaLoRA code do not store and users have to
 * type in again: experts, their ranks and scalings, top-k, router and dropout of every projection.
 *
 * `peft_type` is `LORA` where every projection has one expert, so that PEFT can load the files, and
 * `MOLORA` otherwise, so that PEFT refuses what it would otherwise load without the experts.
 */
import { loraPatterns } from '@alphalora/checkpoint';
import { type AlphaLoraError, errorIn } from '@alphalora/contracts';
import * as v from 'valibot';
import type { AdaptedProjection, AdapterSpec } from './adapter-spec.js';
import { checkSpec } from './check.js';
import type { AdapterBase } from './files.js';

/** Key of the section in the file. */
export const SECTION = 'molora';
const VERSION = 1;

export interface PeftFields extends AdapterBase {
  readonly peftType: 'LORA' | 'MOLORA';
  readonly dropout: number;
  readonly projections: readonly AdaptedProjection[];
  /** Of each projection, in their order. */
  readonly ranks: readonly number[];
  readonly alphas: readonly number[];
}

/** What PEFT's LoraConfig takes. */
export function peftConfig(fields: PeftFields): Record<string, unknown> {
  const { peftType, base = null, revision, inputFirst = false, dropout, projections } = fields;
  return {
    peft_type: peftType,
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: base,
    ...(revision !== undefined && { revision }),
    ...loraPatterns(
      projections.map(({ name: module }, i) => ({
        module,
        rank: fields.ranks[i]!,
        alpha: fields.alphas[i]!,
      })),
    ),
    lora_dropout: dropout,
    bias: 'none',
    fan_in_fan_out: inputFirst,
    use_rslora: false,
    use_dora: false,
    init_lora_weights: true,
    inference_mode: true,
    // Full names rather than roles: other modules of the same role may have no adapter.
    target_modules: projections.map(({ name }) => name),
  };
}

export function sectionOf(spec: AdapterSpec): Record<string, unknown> {
  return { version: VERSION, ...spec };
}

/** Longer lists are no adapter's, and would cost time before that shows. */
const MOST = 10_000;

const limited = <T extends v.GenericSchema>(item: T) =>
  v.pipe(v.array(v.unknown()), v.maxLength(MOST), v.array(item));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const projectionSchema = v.strictObject({
  name: v.string(),
  module: v.exactOptional(v.string()),
  block: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  role: v.exactOptional(v.string()),
  inputs: count,
  outputs: count,
  ranks: limited(count),
  scalings: limited(v.pipe(v.number(), v.finite())),
  topK: count,
});
const sectionSchema = v.strictObject({
  version: v.literal(VERSION),
  projections: limited(projectionSchema),
  router: v.strictObject({ name: v.string(), options: v.record(v.string(), v.unknown()) }),
  dropout: v.number(),
});

/**
 * @param section the value under `molora`
 * @param file for messages
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when it does not describe an adapter,
 *   `UNSUPPORTED_CHECKPOINT` when a later version wrote it
 */
export function parseSection(section: unknown, file: string): AdapterSpec {
  const refuse = (what: string): AlphaLoraError =>
    errorIn('INVALID_CHECKPOINT', file, `${SECTION}: ${what}; save it again`);
  if (typeof section === 'object' && section !== null && 'version' in section) {
    const { version } = section;
    if (typeof version === 'number' && version > VERSION) {
      throw errorIn(
        'UNSUPPORTED_CHECKPOINT',
        file,
        `${SECTION}: version ${version} is newer than this program, which knows ${VERSION}; update it`,
      );
    }
  }
  const result = v.safeParse(sectionSchema, section, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    const path = v.getDotPath(issue);
    throw refuse(`${path === null ? '' : `${path.slice(0, 200)}: `}${issue.message.slice(0, 200)}`);
  }
  const { version: _, ...spec } = result.output;
  checkSpec(spec, refuse);
  return spec;
}
