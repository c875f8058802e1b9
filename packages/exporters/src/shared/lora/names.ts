/**
 * The names by which PEFT finds what it adapts. An entry of its lists stands for every module that has this
 * name or ends in it behind a dot (`check_target_module_exists`), so the end of a name in all blocks,
 * `q_proj`, says as much as a name for each block where nothing else ends so. Towers of multimodal models
 * often have modules of the same names: an expression keeps them out (`exclude_modules`), by words of
 * their names that stay the same when a program renames them.
 */
import { namesInMemory } from '@alphalora/checkpoint';
import type { AllocatedModel } from '@alphalora/contracts';
import type { LoraTarget } from './modules.js';

export interface TargetNames {
  readonly modules: readonly string[];
  readonly parameters: readonly string[];
  /** Matched with the whole name of a module, which then is left alone. */
  readonly exclude?: string;
}

/**
 * Names that begin with the list of blocks that they are in, with as much before it as tells it from the
 * other lists of the targets: `encoder.block.3...` beside `decoder.block.3...`. Where nothing is known of
 * what else the model has, they are all that is on disk.
 */
export function distinctNames<Target extends Pick<LoraTarget, 'name' | 'before'>>(
  targets: readonly Target[],
  model: AllocatedModel | undefined,
): Target[] {
  const lists = targets.map(listPaths);
  const count = new Map<string, number>();
  for (const path of new Set(lists.flat())) {
    for (const end of endsOf(path)) count.set(end, (count.get(end) ?? 0) + 1);
  }
  return targets.map((target, i) => {
    let { name } = target;
    const before = [...target.before];
    const path = lists[i]![0]!.split('.');
    const isShared = (): boolean => count.get(path.slice(before.length).join('.'))! > 1;
    while (before.length > 0 && (model?.others === undefined || isShared())) {
      name = `${before.pop()}.${name}`;
    }
    return { ...target, name, before };
  });
}

/** All before each number, the list of blocks first; of a name without a number, before its last part. */
function listPaths({ name, before }: Pick<LoraTarget, 'name' | 'before'>): string[] {
  const parts = [...before, ...name.split('.')];
  const lists = parts.flatMap((part, i) =>
    i > before.length && /^\d+$/.test(part) ? [parts.slice(0, i).join('.')] : [],
  );
  if (lists.length > 0) return lists;
  return [parts.slice(0, Math.max(before.length + 1, parts.length - 1)).join('.')];
}

function wholeName({ name, before }: Pick<LoraTarget, 'name' | 'before'>): string {
  return [...before, name].join('.');
}

/**
 * @param targets with a rank or without, with {@link distinctNames}
 * @param model what else it has decides which ends are safe: without it, every name is written out
 */
export function targetNames(
  targets: readonly LoraTarget[],
  model: AllocatedModel | undefined,
): TargetNames {
  const wanted = targets.filter(({ rank }) => rank > 0);
  const listed = (names: readonly LoraTarget[]) => names.map(({ name }) => name);
  if (model?.others === undefined) {
    return {
      modules: listed(wanted.filter(({ parameter }) => !parameter)),
      parameters: listed(wanted.filter(({ parameter }) => parameter)),
    };
  }
  const others = model.others
    .flatMap((name) => namesInMemory(name, model.architecture))
    .map((own) => ({ ...own, whole: wholeName(own) }));
  const lasts = new Set(wanted.map(({ name }) => lastOf(name)));
  // What a tower's modules are called in memory need not be what they are called on disk.
  const alike = others.filter(({ name, whole }) => lasts.has(lastOf(name)) || isInTower(whole));
  const exclude = guardAgainst(alike, targets);
  const beside = others.filter(({ whole }) => exclude === undefined || !matches(exclude, whole));
  const without = targets.filter(({ rank }) => rank === 0);
  const ends = {
    modules: endsToKeep([...without, ...beside], targets),
    // The expression is for modules only.
    parameters: endsToKeep(
      [...without, ...others, ...wanted.filter(({ parameter }) => !parameter)].map(asParameter),
      [],
    ),
  };
  const names = (kind: keyof typeof ends): string[] => {
    const own = wanted.filter(({ parameter }) => parameter === (kind === 'parameters'));
    const found = own.map((target) => {
      const safe = roleEnds(target.name, kind).filter((end) => !ends[kind].has(end));
      return (isRenamed(target) ? safe.at(-1) : safe[0]) ?? target.name;
    });
    return [...new Set(found)];
  };
  return {
    modules: names('modules'),
    parameters: names('parameters'),
    ...(exclude !== undefined && { exclude }),
  };
}

/**
 * Whether a module is called otherwise on disk: what else the model has in memory is then known less well,
 * and a longer end hits less of it, `mlp.fc1` in place of `fc1`.
 */
function isRenamed({ name, parameter, matrices }: LoraTarget): boolean {
  return !parameter && matrices.some(({ module }) => !`.${module}`.endsWith(`.${name}`));
}

type Named = Pick<LoraTarget, 'name' | 'before' | 'parameter'>;

function asParameter(own: Named): Named {
  return own.parameter ? own : { ...own, name: `${own.name}.weight` };
}

/** Ends of names that must not be hit: of these, and of the modules that any of them are in. */
function endsToKeep(names: readonly Named[], targets: readonly Named[]): ReadonlySet<string> {
  const kept = new Set(names.flatMap((own) => endsOf(wholeName(own))));
  for (const own of [...names, ...targets]) {
    const parts = wholeName(own).split('.');
    for (let length = 1; length < parts.length; length++) {
      for (const end of endsOf(parts.slice(0, length).join('.'))) kept.add(end);
    }
  }
  return kept;
}

/**
 * Ends of a name behind the last number in it, the shortest first: `q_proj`, `self_attn.q_proj`. Those of
 * parameters have the module's name, too: `experts.gate_up_proj`.
 */
function roleEnds(name: string, kind: keyof Pick<TargetNames, 'modules' | 'parameters'>): string[] {
  const parts = name.split('.');
  const number = parts.findLastIndex((part) => /^\d+$/.test(part));
  if (number < 0) return [];
  const path = parts.slice(number + 1);
  const ends = path.map((_, i) => path.slice(path.length - 1 - i).join('.'));
  return kind === 'modules' ? ends : ends.slice(1);
}

function endsOf(name: string): string[] {
  const parts = name.split('.');
  return parts.map((_, i) => parts.slice(i).join('.'));
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** Words in the names of towers, whatever the version of a program calls them. */
const kinds: readonly string[] = ['vision|visual|image|vit|sam', 'audio|speech|sound'];

const within = (words: string): string => `(?:.*[._])?(?:${words})[._].*`;

export function matches(expression: string, name: string): boolean {
  return new RegExp(`^(?:${expression})$`, 's').test(name);
}

function isInTower(name: string): boolean {
  return kinds.some((words) => matches(within(words), name));
}

/** What matches these modules and none of the targets; undefined where nothing tells them apart. */
function guardAgainst(
  alike: ReadonlyArray<{ whole: string; before: readonly string[] }>,
  targets: readonly LoraTarget[],
): string | undefined {
  if (alike.length === 0) return undefined;
  const names = targets.map(wholeName);
  const own = kinds.find((words) => names.every((name) => matches(within(words), name)));
  if (own !== undefined) {
    const expression = `(?!${within(own)}).*`;
    return alike.some(({ whole }) => matches(expression, whole)) ? expression : undefined;
  }
  const components = new Set(names.flatMap((name) => name.split('.')));
  const words = new Set<string>();
  for (const { whole, before } of alike) {
    const kind = kinds.find((each) => matches(within(each), whole));
    if (kind !== undefined) words.add(kind);
    else {
      const part = before.find((each) => !components.has(each) && /^\w+$/.test(each));
      if (part !== undefined) {
        words.add(part);
        // That may be a tower which memory calls by its kind.
        for (const each of kinds) {
          if (!names.some((name) => matches(within(each), name))) words.add(each);
        }
      }
    }
  }
  if (words.size === 0) return undefined;
  const expression = within([...words].join('|'));
  return names.some((name) => matches(expression, name)) ? undefined : expression;
}
