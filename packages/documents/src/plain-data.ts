/**
 * Whether a value is what JSON can hold: schemas leave room for further fields and for options of any
 * shape, and whatever writes or shows those relies on this.
 */
import type { Fault } from './fault.js';

/** Writers and readers of JSON recurse; nothing sensible is deeper. */
const DEEPEST = 64;

/** Total: also for cycles, which are deeper than any limit. */
export function plainDataFault(value: unknown, depth = 0): Fault | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : here(`is ${value}, which is not a finite number`);
    case 'object':
      break;
    default:
      return here(`is of the type ${typeof value}, which JSON does not have`);
  }
  if (value === null) return undefined;
  if (depth === DEEPEST) return here(`is nested more than ${DEEPEST} levels deep`);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const fault = plainDataFault(value[i], depth + 1);
      if (fault) return inside(i, fault);
    }
    return undefined;
  }
  for (const [key, part] of Object.entries(value)) {
    // Code that copies fields by assignment would change a prototype instead.
    if (key === '__proto__') return here('has a field "__proto__"');
    // As good as absent, for `JSON.stringify` too.
    if (part === undefined) continue;
    const fault = plainDataFault(part, depth + 1);
    if (fault) return inside(key, fault);
  }
  return undefined;
}

function here(what: string): Fault {
  return { path: [], what };
}

function inside(key: string | number, { path, what }: Fault): Fault {
  return { path: [key, ...path], what };
}
