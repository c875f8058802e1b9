/**
 * Regular expressions that anybody may have written, matched in linear time.
 *
 * PEFT takes the keys of `rank_pattern` and `alpha_pattern` for Python regular expressions. A
 * backtracking engine, as JavaScript's, takes exponential time on some of them, so that a
 * configuration file could hang its reader. Here all states of the automaton advance together
 * (Thompson, "Regular expression search algorithm", 1968), and only what such an automaton can do is
 * understood: literals, `.`, classes, `\d \w \s`, groups, alternatives, repetition, `^` and `$`.
 */

/** Whether the expression matches the text from its first to its last character. */
export type Expression = (text: string) => boolean;

/** How many states may be visited, by all expressions together, before it counts as an attack. */
export interface StepBudget {
  left: number;
}

export class ExpressionError extends Error {
  /** Whether it is a regular expression after all, with what is not understood here. */
  readonly known: boolean;

  constructor(message: string, known: boolean) {
    super(message);
    this.known = known;
  }
}

export class StepBudgetError extends Error {}

/** Longer ones could nest deeper than the stack. */
const LONGEST_EXPRESSION = 1000;
/** What a state costs of the budget for being built: they take memory. */
const STATE_STEPS = 100;

/** Of one character. */
type Test = (character: string) => boolean;

type Node =
  | { kind: 'character'; test: Test }
  | { kind: 'anchor'; atStart: boolean }
  | { kind: 'sequence'; nodes: Node[] }
  | { kind: 'choice'; nodes: Node[] }
  | { kind: 'repeat'; node: Node; least: number; most: number };

/**
 * @throws ExpressionError when it is none, or uses more than the above
 * @throws StepBudgetError when `steps` are used up; so does the expression
 */
export function compileExpression(source: string, steps: StepBudget): Expression {
  if (source.length > LONGEST_EXPRESSION) {
    throw new ExpressionError(`it is longer than ${LONGEST_EXPRESSION} characters`, true);
  }
  const { entry, final } = automaton(parse(source), steps);
  return (text) => run(entry, final, text, steps);
}

function parse(source: string): Node {
  let at = 0;
  const node = parseChoice();
  if (at < source.length) throw new ExpressionError('it closes a group that is not open', false);
  return node;

  function parseChoice(): Node {
    const nodes = [parseSequence()];
    while (source[at] === '|') {
      at++;
      nodes.push(parseSequence());
    }
    return nodes.length === 1 ? nodes[0]! : { kind: 'choice', nodes };
  }

  function parseSequence(): Node {
    const nodes: Node[] = [];
    while (at < source.length && source[at] !== '|' && source[at] !== ')') {
      nodes.push(parseRepetition());
    }
    return { kind: 'sequence', nodes };
  }

  function parseRepetition(): Node {
    const node = parseAtom();
    const limits = parseQuantifier();
    if (!limits) return node;
    // A lazy repetition matches the same texts.
    if (source[at] === '?') at++;
    if (parseQuantifier()) throw new ExpressionError('it repeats a repetition', true);
    return { kind: 'repeat', node, ...limits };
  }

  function parseQuantifier(): { least: number; most: number } | undefined {
    const simple = { '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] } as const;
    const found = simple[source[at] as keyof typeof simple];
    if (found) {
      at++;
      return { least: found[0], most: found[1] };
    }
    const counted = /^\{(\d*)(,?)(\d*)\}/.exec(source.slice(at, at + 20));
    if (!counted || counted[0] === '{}') return undefined;
    at += counted[0].length;
    const least = Number(counted[1]);
    const most = counted[2] === '' ? least : counted[3] === '' ? Infinity : Number(counted[3]);
    if (most < least) throw new ExpressionError('it repeats from more to fewer times', false);
    return { least, most };
  }

  function parseAtom(): Node {
    const character = source[at++]!;
    switch (character) {
      case '(':
        return parseGroup();
      case '[':
        return { kind: 'character', test: parseClass() };
      case '^':
      case '$':
        return { kind: 'anchor', atStart: character === '^' };
      case '.':
        return { kind: 'character', test: (other) => other !== '\n' };
      case '\\':
        return { kind: 'character', test: parseEscape() };
      case '*':
      case '+':
      case '?':
        throw new ExpressionError('it repeats nothing', false);
      default:
        return { kind: 'character', test: (other) => other === character };
    }
  }

  function parseGroup(): Node {
    if (source[at] === '?') {
      if (source[at + 1] !== ':') throw new ExpressionError('it has a group (?...)', true);
      at += 2;
    }
    const node = parseChoice();
    if (source[at++] !== ')') throw new ExpressionError('it does not close a group', false);
    return node;
  }

  function parseEscape(): Test {
    const character = source[at++];
    if (character === undefined) throw new ExpressionError('it ends in a backslash', false);
    const named = { d: /^\d$/, D: /^\D$/, w: /^\w$/, W: /^\W$/, s: /^\s$/, S: /^\S$/ };
    const set = named[character as keyof typeof named];
    if (set) return (other) => set.test(other);
    if (/[a-z\d]/i.test(character)) {
      throw new ExpressionError(`it has the escape \\${character}`, true);
    }
    return (other) => other === character;
  }

  function parseClass(): Test {
    const negated = source[at] === '^';
    if (negated) at++;
    const tests: Test[] = [];
    // A bracket that comes first stands for itself.
    for (let first = true; first || source[at] !== ']'; first = false) {
      if (at >= source.length) throw new ExpressionError('it does not close a class', false);
      tests.push(parseClassMember());
    }
    at++;
    return (other) => tests.some((test) => test(other)) !== negated;
  }

  function parseClassMember(): Test {
    const character = source[at++]!;
    if (character === '\\') return parseEscape();
    if (source[at] !== '-' || source[at + 1] === ']') return (other) => other === character;
    const last = source[at + 1];
    if (last === undefined) throw new ExpressionError('it does not close a class', false);
    if (last === '\\') throw new ExpressionError('it has an escape in a range', true);
    if (last < character) throw new ExpressionError('it has a range that runs backwards', false);
    at += 2;
    return (other) => other >= character && other <= last;
  }
}

interface State {
  /** Absent: passed without a character. */
  test?: Test;
  /** Passed only there. */
  anchor?: 'start' | 'end';
  next: State[];
}

/** The automaton, built from its end: what follows a node is there before the node. */
function automaton(root: Node, steps: StepBudget): { entry: State; final: State } {
  const final: State = { next: [] };
  return { entry: build(root, final), final };

  function state(fields: State): State {
    take(steps, STATE_STEPS);
    return fields;
  }

  function build(node: Node, after: State): State {
    switch (node.kind) {
      case 'character':
        return state({ test: node.test, next: [after] });
      case 'anchor':
        return state({ anchor: node.atStart ? 'start' : 'end', next: [after] });
      case 'sequence':
        return node.nodes.reduceRight((next, part) => build(part, next), after);
      case 'choice':
        return state({ next: node.nodes.map((part) => build(part, after)) });
      case 'repeat':
        return buildRepeat(node, after);
    }
  }

  function buildRepeat({ node, least, most }: Node & { kind: 'repeat' }, after: State): State {
    let entry = after;
    if (most === Infinity) {
      entry = state({ next: [after] });
      entry.next.push(build(node, entry));
    } else {
      for (let i = least; i < most; i++) entry = state({ next: [after, build(node, entry)] });
    }
    for (let i = 0; i < least; i++) {
      // A repetition of nothing takes no states, but time.
      take(steps, STATE_STEPS);
      entry = build(node, entry);
    }
    return entry;
  }
}

function take(steps: StepBudget, count: number): void {
  steps.left -= count;
  if (steps.left < 0) throw new StepBudgetError();
}

function run(entry: State, final: State, text: string, steps: StepBudget): boolean {
  let current = reachable([entry], 0);
  for (let i = 0; i < text.length && current.size > 0; i++) {
    const next: State[] = [];
    for (const { test, next: after } of current) if (test?.(text[i]!)) next.push(...after);
    current = reachable(next, i + 1);
  }
  return current.has(final);

  function reachable(from: State[], position: number): Set<State> {
    const found = new Set<State>();
    while (from.length > 0) {
      const state = from.pop()!;
      if (found.has(state)) continue;
      if (state.anchor === 'start' && position > 0) continue;
      if (state.anchor === 'end' && position < text.length) continue;
      take(steps, 1);
      found.add(state);
      if (!state.test) from.push(...state.next);
    }
    return found;
  }
}
