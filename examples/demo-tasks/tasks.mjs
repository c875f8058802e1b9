/**
 * Small tasks over characters, each one line `name: question > answer`: what the demo model learns.
 * The first eight are for its pretraining; it never sees the others, which are there to fine-tune on.
 *
 * Questions are drawn from a seed; `splits` makes sets that share no question.
 */

/** Uniform numbers in [0, 1) from a 32-bit seed: the generator "mulberry32". */
export function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

const integer = (random, low, high) => low + Math.floor(random() * (high - low + 1));
const pick = (random, list) => list[Math.floor(random() * list.length)];
const repeat = (count, make) => Array.from({ length: count }, make);

const letters = 'abcdefghijklmnopqrstuvwxyz';
const brackets = { '(': ')', '[': ']', '{': '}' };

const letter = (random) => pick(random, letters);
const word = (random, low, high) =>
  repeat(integer(random, low, high), () => letter(random)).join('');
const digits = (random, low, high) =>
  repeat(integer(random, low, high), () => integer(random, 0, 9)).join('');
const sorted = (text) => [...text].sort().join('');

const nouns = 'cat dog bird boy girl cow king star tree frog queen farmer'.split(' ');
const verbs = 'see hear like help know want need find meet paint draw thank'.split(' ');

/** A subject and an object with a verb that agrees with the subject; the other number of both. */
function sentence(random) {
  const [subject, verb, object] = [pick(random, nouns), pick(random, verbs), pick(random, nouns)];
  const one = random() < 0.5;
  const say = (single) =>
    single ? `the ${subject} ${verb}s a ${object}` : `the ${subject}s ${verb} a ${object}`;
  return [say(one), say(!one)];
}

/** Opened brackets, some of them closed again; the answer closes the rest. */
function openBrackets(random) {
  let text = '';
  const open = [];
  for (let i = integer(random, 2, 8); i > 0; i--) {
    if (open.length > 0 && random() < 0.35) {
      text += brackets[open.pop()];
      continue;
    }
    const bracket = pick(random, Object.keys(brackets));
    open.push(bracket);
    text += bracket;
  }
  if (open.length === 0) {
    text += '(';
    open.push('(');
  }
  return [
    text,
    open
      .reverse()
      .map((bracket) => brackets[bracket])
      .join(''),
  ];
}

/** Each returns a question and its answer. */
export const pretrainingTasks = {
  copy(random) {
    const text = word(random, 3, 8);
    return [text, text];
  },
  reverse(random) {
    const text = word(random, 3, 7);
    return [text, [...text].reverse().join('')];
  },
  sort(random) {
    const text = digits(random, 3, 7);
    return [text, sorted(text)];
  },
  count(random) {
    const [counted, other] = [letter(random), letter(random)];
    const text = repeat(integer(random, 3, 8), () => (random() < 0.5 ? counted : other)).join('');
    return [`${counted} ${text}`, String([...text].filter((one) => one === counted).length)];
  },
  add(random) {
    const [a, b] = [integer(random, 0, 99), integer(random, 0, 99)];
    return [`${a}+${b}`, String(a + b)];
  },
  close: openBrackets,
  number: sentence,
  largest(random) {
    const list = repeat(integer(random, 2, 5), () => integer(random, 0, 9));
    return [list.join(' '), String(Math.max(...list))];
  },
};

export const heldOutTasks = {
  /** Against `sort`: the other way round. */
  descend(random) {
    const text = digits(random, 3, 6);
    return [text, [...sorted(text)].reverse().join('')];
  },
  /** Against `add`: the difference, never negative. */
  subtract(random) {
    const [a, b] = [integer(random, 0, 99), integer(random, 0, 99)].sort((x, y) => y - x);
    return [`${a}-${b}`, String(a - b)];
  },
  /** Each letter becomes the next one in the alphabet. */
  shift(random) {
    const text = word(random, 3, 5);
    return [text, [...text].map((one) => letters[(letters.indexOf(one) + 1) % 26]).join('')];
  },
  /** Neighbours that are equal become one. */
  squeeze(random) {
    const text = repeat(integer(random, 2, 4), () => letter(random).repeat(integer(random, 1, 3)));
    const joined = text.join('');
    return [joined, joined.replace(/(.)\1+/g, '$1')];
  },
};

export const allTasks = { ...pretrainingTasks, ...heldOutTasks };

/** @returns {{ prompt: string, completion: string }} */
export function example(name, random) {
  const [question, answer] = allTasks[name](random);
  return { prompt: `${name}: ${question} >`, completion: ` ${answer}` };
}

/**
 * Examples of a task in sets without a common question.
 * @param {string} name
 * @param {{ seed: number, sizes: number[] }} options
 */
export function splits(name, { seed, sizes }) {
  const random = createRandom(seed);
  const seen = new Set();
  return sizes.map((size) => {
    const set = [];
    for (let tries = 0; set.length < size; tries++) {
      if (tries > 1000 * size) throw new Error(`${name} has no ${size} further questions`);
      const one = example(name, random);
      if (seen.has(one.prompt)) continue;
      seen.add(one.prompt);
      set.push(one);
    }
    return set;
  });
}
