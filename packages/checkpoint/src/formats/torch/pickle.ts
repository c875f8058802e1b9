/**
 * Python's pickles (Lib/pickletools.py, protocols 2 to 5) as plain data: a machine with a stack, which
 * is told to build containers, numbers and texts. Whatever a pickle names beyond that, the host has to
 * know; nothing is looked up, imported or run, so that a name is no more than a name.
 *
 * Numbers, texts, `null` and booleans are their like here; `bytes` are a Uint8Array, lists and tuples
 * arrays (tuples frozen), dictionaries Maps, sets Sets. Objects may contain themselves.
 */
import { unsupported } from '../../errors.js';
import { Machine, type PickleHost, TooShort } from './machine.js';
import { refused, steps } from './opcodes.js';

const PROTO = 0x80;
const STOP = 0x2e;

/**
 * @param start where the pickle begins
 * @returns the object and the byte after the pickle; undefined where the bytes end before it
 * @throws AlphaLoraError `INVALID_CHECKPOINT` for what is no pickle, `UNSUPPORTED_CHECKPOINT` for
 *   instructions and names that are not followed
 */
export function unpickle(
  bytes: Uint8Array,
  start: number,
  host: PickleHost,
): { value: unknown; end: number } | undefined {
  try {
    return run(new Machine(bytes, start, host));
  } catch (error) {
    if (error instanceof TooShort) return undefined;
    throw error;
  }
}

function run(machine: Machine): { value: unknown; end: number } {
  if (machine.byte() !== PROTO) throw machine.broken('it does not begin as one');
  const protocol = machine.byte();
  if (protocol < 2 || protocol > 5) throw machine.broken(`its protocol is ${protocol}`);
  for (;;) {
    const code = machine.byte();
    if (code === STOP) return { value: machine.pop(), end: machine.at };
    const step = steps[code];
    if (step) step(machine);
    else throw unknown(code, machine);
  }
}

function unknown(code: number, machine: Machine): Error {
  const name = refused[String.fromCharCode(code)];
  if (name === undefined) return machine.broken(`${code} is no instruction`);
  return unsupported(
    `the pickle in it has the instruction ${name}, which torch.save does not write; save a state dict with torch.save`,
    { file: machine.host.file },
  );
}
