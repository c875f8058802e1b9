/**
 * Work as a count, for tests that hold code to a cost: steps of regular expressions, characters that
 * methods of texts look at or copy, numbers that arrays are made for. Counts are the same on every
 * machine, however busy; what grows with the square of its input shows in the ratio of two counts.
 *
 * Expressions are matched a second time by a backtracking matcher that counts the characters it tests,
 * in the way in which V8 does without its optimisations. It knows the syntax that this package uses.
 */

/** @returns the work of what `act` calls, in characters and elements */
export async function countedWork(act: () => unknown): Promise<number> {
  let work = 0;
  // The counting itself is no work.
  let counting = true;
  const undo: Array<() => void> = [];
  const replace = <T extends object, K extends keyof T>(target: T, key: K, value: T[K]): void => {
    const original = target[key];
    target[key] = value;
    undo.push(() => {
      target[key] = original;
    });
  };
  const { exec } = RegExp.prototype;
  replace(RegExp.prototype, 'exec', function (this: RegExp, text: string) {
    const { lastIndex } = this;
    const found = exec.call(this, text);
    if (!counting) return found;
    counting = false;
    work += steps(this, String(text), this.global || this.sticky ? lastIndex : 0);
    counting = true;
    return found;
  });
  const text = String.prototype;
  const { charCodeAt, indexOf, slice } = text;
  replace(text, 'charCodeAt', function (this: string, at: number) {
    if (counting) work++;
    return charCodeAt.call(this, at);
  });
  replace(text, 'indexOf', function (this: string, part: string, from = 0) {
    const at = indexOf.call(this, part, from);
    if (counting) work += (at < 0 ? this.length : at + part.length) - from;
    return at;
  });
  replace(text, 'slice', function (this: string, start?: number, end?: number) {
    const part = slice.call(this, start, end);
    if (counting) work += part.length;
    return part;
  });
  for (const name of ['Float32Array', 'Float64Array', 'Uint8Array'] as const) {
    const counting = new Proxy(
      globalThis[name] as new (
        ...given: unknown[]
      ) => { length: number },
      {
        construct(target, given, caller) {
          const made = Reflect.construct(target, given, caller) as { length: number };
          // A view takes no memory.
          if (!(given[0] instanceof ArrayBuffer)) work += made.length;
          return made;
        },
      },
    );
    replace(globalThis as unknown as Record<string, unknown>, name, counting);
  }
  try {
    await act();
    return work;
  } finally {
    for (const restore of undo.reverse()) restore();
  }
}

/** Where a match from a place ends, or -1; calls what follows with each end that it could have. */
type Matcher = (at: number, follow: (end: number) => number) => number;

/** Characters tested until the first match from `from`, or until there is none. */
function steps({ source, sticky, ignoreCase }: RegExp, given: string, from: number): number {
  const text = ignoreCase ? given.toLowerCase() : given;
  let tested = 0;
  let place = 0;
  const matcher = alternatives();
  for (let start = from; start <= text.length; start++)
    if (matcher(start, (end) => end) >= 0 || sticky) break;
  return tested;

  function alternatives(): Matcher {
    const choices = [sequence()];
    while (source[place] === '|') {
      place++;
      choices.push(sequence());
    }
    return (at, follow) => {
      for (const choice of choices) {
        const end = choice(at, follow);
        if (end >= 0) return end;
      }
      return -1;
    };
  }

  function sequence(): Matcher {
    let whole: Matcher = (at, follow) => follow(at);
    while (place < source.length && source[place] !== '|' && source[place] !== ')') {
      const [first, next] = [whole, quantified(atom())];
      whole = (at, follow) => first(at, (middle) => next(middle, follow));
    }
    return whole;
  }

  function quantified(one: Matcher): Matcher {
    const [written, fewest] = /^(?:[*+?]|\{(\d+)\})/.exec(source.slice(place)) ?? [''];
    place += written.length;
    if (written === '') return one;
    // As few as will do, instead of as many as there are.
    const lazy = source[place] === '?';
    if (lazy) place++;
    const count = fewest === undefined ? undefined : Number(fewest);
    const least = count ?? (written === '+' ? 1 : 0);
    const limit = count ?? (written === '?' ? 1 : Number.POSITIVE_INFINITY);
    const again =
      (done: number, follow: (end: number) => number): ((at: number) => number) =>
      (at) => {
        if (lazy && done >= least) {
          const end = follow(at);
          if (end >= 0) return end;
        }
        if (done < limit) {
          const end = one(at, (next) => (next === at ? -1 : again(done + 1, follow)(next)));
          if (end >= 0) return end;
        }
        return !lazy && done >= least ? follow(at) : -1;
      };
    return (at, follow) => again(0, follow)(at);
  }

  function atom(): Matcher {
    if (source[place] === '(') return group();
    if (source[place] === '$') {
      place++;
      return (at, follow) => (at === text.length ? follow(at) : -1);
    }
    const [written] = /^(?:\\.|\[(?:\\.|[^\]\\])*\]|.)/s.exec(source.slice(place))!;
    place += written.length;
    const one = new RegExp(`^${written}$`, ignoreCase ? 'is' : 's');
    return (at, follow) => {
      tested++;
      return at < text.length && one.test(text[at]!) ? follow(at + 1) : -1;
    };
  }

  function group(): Matcher {
    const [opening] = /^\((?:\?(?::|<?[=!]))?/.exec(source.slice(place))!;
    place += opening.length;
    const inner = alternatives();
    place++;
    if (opening === '(' || opening === '(?:') return inner;
    const wanted = opening.endsWith('=');
    // What looks back here is one character long.
    const back = opening.includes('<') ? 1 : 0;
    return (at, follow) => {
      const found = at >= back && inner(at - back, (end) => end) >= 0;
      return found === wanted ? follow(at) : -1;
    };
  }
}
