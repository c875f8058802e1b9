/** The instructions of pickles (Lib/pickletools.py), by their bytes. */
import type { Machine } from './machine.js';

type Step = (machine: Machine) => void;

export const steps: readonly (Step | undefined)[] = table({
  // FRAME: the length of what follows.
  '\x95': (m) => m.take(8),
  '(': (m) => m.mark(),
  '0': (m) => m.pop(),
  '1': (m) => m.popMark(),
  '2': (m) => m.push(m.top()),
  N: (m) => m.push(null),
  '\x88': (m) => m.push(true),
  '\x89': (m) => m.push(false),
  J: (m) => m.push(m.int32()),
  K: (m) => m.push(m.byte()),
  M: (m) => m.push(m.uint16()),
  G: (m) => m.push(m.float64()),
  '\x8a': (m) => m.integer(m.byte()),
  '\x8b': (m) => m.integer(m.uint32()),
  X: (m) => m.push(m.text(m.uint32())),
  '\x8c': (m) => m.push(m.text(m.byte())),
  '\x8d': (m) => m.push(m.text(m.length64())),
  // The texts of Python 2.
  U: (m) => m.push(m.text(m.byte())),
  T: (m) => m.push(m.text(m.uint32())),
  B: (m) => m.push(m.slice(m.uint32())),
  C: (m) => m.push(m.slice(m.byte())),
  '\x8e': (m) => m.push(m.slice(m.length64())),
  '\x96': (m) => m.push(m.slice(m.length64())),
  ')': (m) => m.open(Object.freeze([])),
  '\x85': (m) => m.popTuple(1),
  '\x86': (m) => m.popTuple(2),
  '\x87': (m) => m.popTuple(3),
  t: (m) => m.open(Object.freeze(m.popMark())),
  ']': (m) => m.open([]),
  l: (m) => m.open(m.popMark()),
  a: (m) => m.append([m.pop()]),
  e: (m) => m.append(m.popMark()),
  '}': (m) => m.open(new Map()),
  d(m) {
    const items = m.popMark();
    m.open(new Map());
    m.setItems(items);
  },
  s(m) {
    const value = m.pop();
    m.setItems([m.pop(), value]);
  },
  u: (m) => m.setItems(m.popMark()),
  '\x8f': (m) => m.open(new Set()),
  '\x90': (m) => m.add(m.popMark()),
  '\x91': (m) => m.open(new Set(m.popMark())),
  c: (m) => m.name(m.line(), m.line()),
  '\x93'(m) {
    const name = m.pop();
    m.name(m.pop(), name);
  },
  R: (m) => m.call(),
  '\x81': (m) => m.call(),
  b: (m) => m.build(),
  Q: (m) => m.persistent(),
  q: (m) => m.remember(m.byte()),
  r: (m) => m.remember(m.uint32()),
  '\x94': (m) => m.memoize(),
  h: (m) => m.recall(m.byte()),
  j: (m) => m.recall(m.uint32()),
});

/** Instructions that there are, and that no state dict has. */
export const refused: Readonly<Record<string, string>> = {
  I: 'INT',
  L: 'LONG',
  F: 'FLOAT',
  S: 'STRING',
  V: 'UNICODE',
  P: 'PERSID',
  p: 'PUT',
  g: 'GET',
  i: 'INST',
  o: 'OBJ',
  '\x82': 'EXT1',
  '\x83': 'EXT2',
  '\x84': 'EXT4',
  '\x92': 'NEWOBJ_EX',
  '\x97': 'NEXT_BUFFER',
  '\x98': 'READONLY_BUFFER',
};

function table(byCode: Readonly<Record<string, Step>>): (Step | undefined)[] {
  const all = new Array<Step | undefined>(256).fill(undefined);
  for (const [code, step] of Object.entries(byCode)) all[code.charCodeAt(0)] = step;
  return all;
}
