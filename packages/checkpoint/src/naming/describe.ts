/**
 * From the names and shapes of a checkpoint to what each weight is: its block, its role, what it is
 * for and how it is laid out. The family's row adds to rules that hold for all.
 */
import type { WeightKind } from '@alphalora/contracts';
import { elementCount } from '../dtypes.js';
import { isObject, type JsonObject } from '../json.js';
import { blockPosition, mainStack } from './blocks.js';
import { type Family, families } from './families.js';
import { type FusedLayout, setting } from './fused.js';
import { kindOf, splitName } from './vocabulary.js';

export interface NamedShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What a name says about its weight. */
export interface Naming {
  readonly block?: number;
  readonly role?: string;
  readonly kind: WeightKind;
  readonly inputFirst?: true;
  readonly stacked?: true;
}

export interface ModelNaming {
  readonly architecture?: string;
  describe(weight: NamedShape): Naming;
  /** How the projections lie in a fused weight; 'unknown' when it is one of a family we do not know. */
  fusedLayout(naming: Naming): FusedLayout | 'unknown' | undefined;
}

/** Longer names are no module's path; matching words in them could take forever. */
const LONGEST_NAME = 1000;

const fusedRoles = new Set(families.flatMap(({ fused = {} }) => Object.keys(fused)));

export function modelNaming(
  weights: readonly NamedShape[],
  config: JsonObject | undefined,
): ModelNaming {
  const named = weights.filter(({ name }) => name.length <= LONGEST_NAME);
  const family = familyOf(named, config);
  const stack = mainStack(
    named.map(({ name, shape }) => ({ name, elements: elementCount(shape) })),
  );
  const architecture = architectureOf(config) ?? (config ? undefined : family?.architecture);
  return {
    ...(architecture !== undefined && { architecture }),
    describe: (weight) =>
      weight.name.length > LONGEST_NAME
        ? { kind: 'other' }
        : describe(weight, { stack, family, hiddenSize: setting(config, 'hidden_size') }),
    fusedLayout({ role = '', kind }) {
      if (kind !== 'projection' || !fusedRoles.has(role)) return undefined;
      return family?.fused?.[role] ?? 'unknown';
    },
  };
}

interface Model {
  stack: string | undefined;
  family: Family | undefined;
  hiddenSize: number | undefined;
}

function describe({ name, shape }: NamedShape, { stack, family, hiddenSize }: Model): Naming {
  const position = blockPosition(name);
  const inBlock = position !== undefined && position.stack === stack;
  // The blocks of another stack (a vision tower, an encoder) are not the model's.
  const kind = position && !inBlock ? otherStackKind(name, shape) : kindOf(name, shape, inBlock);
  if (!inBlock) return { kind };
  const role = roleOf(name, family);
  const stacked = kind === 'projection' && shape.length === 3 && /expert|sparse_moe/.test(name);
  const inputFirst =
    kind === 'projection' &&
    ((family?.inputFirst?.includes(role) ?? false) ||
      (stacked && !name.endsWith('.weight') && stackIsInputFirst(role, shape, hiddenSize)));
  return {
    ...{ block: position.block, role, kind },
    ...(inputFirst && { inputFirst }),
    ...(stacked && { stacked }),
  };
}

/**
 * Stacked experts that are parameters of their own are multiplied from the left, `[E, in, out]`,
 * unless the size of the residual stream is on the other side: there are checkpoints of both sorts.
 */
function stackIsInputFirst(
  role: string,
  [, first, second]: readonly number[],
  hiddenSize: number | undefined,
): boolean {
  if (first === second || hiddenSize === undefined) return true;
  return role.startsWith('down') ? first !== hiddenSize : second !== hiddenSize;
}

function otherStackKind(name: string, shape: readonly number[]): WeightKind {
  const kind = kindOf(name, shape, true);
  return kind === 'projection' ? 'other' : kind;
}

/** The module that holds the weight, without its path; of LoRA factors, the module they adapt. */
function roleOf(name: string, family: Family | undefined): string {
  const module = splitName(name).module.replace(/(\.base_layer|\.lora_\w+(\..*)?)$/, '');
  const special = family?.roles?.find(([end]) => end.test(module));
  return special ? special[1] : module.slice(module.lastIndexOf('.') + 1);
}

function familyOf(
  weights: readonly NamedShape[],
  config: JsonObject | undefined,
): Family | undefined {
  const text = config?.['text_config'];
  const modelTypes = [isObject(text) ? text['model_type'] : undefined, config?.['model_type']];
  for (const modelType of modelTypes) {
    const named = families.find((family) => family.modelTypes.some((type) => type === modelType));
    if (named) return named;
  }
  return families.find(({ signs, signShape }) =>
    signs.every((sign, i) => {
      const found = weights.find(({ name }) => sign.test(name));
      return found && (i > 0 || !signShape || signShape(found.shape));
    }),
  );
}

function architectureOf(config: JsonObject | undefined): string | undefined {
  const architectures = config?.['architectures'];
  const first: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
  return typeof first === 'string' ? first : undefined;
}
