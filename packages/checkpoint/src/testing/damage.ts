/** Files that are broken: cut short, and with some bytes changed. The same ones on every run. */

const MOST_TRUNCATIONS = 300;
const MUTATIONS = 600;
/** Where headers are, and with them most that can be said wrong. */
const HEAD = 400;

export function* truncations(bytes: Uint8Array): Generator<Uint8Array> {
  const { byteLength } = bytes;
  for (let i = 0; i < MOST_TRUNCATIONS; i++) {
    const end =
      byteLength <= MOST_TRUNCATIONS ? i : Math.floor((i / MOST_TRUNCATIONS) * byteLength);
    if (end < byteLength) yield bytes.slice(0, end);
  }
}

/** One to three bytes changed: a bit, all of them, or to a number such as counts begin with. */
export function* mutations(bytes: Uint8Array): Generator<Uint8Array> {
  const random = weyl();
  const reach = Math.min(bytes.byteLength, HEAD);
  for (let i = 0; i < MUTATIONS; i++) {
    const changed = bytes.slice();
    for (let left = 1 + random(3); left > 0; left--) {
      const at = random(reach);
      const change = [1 << random(8), 0xff, changed[at]! ^ 0x7f, changed[at]! ^ 0x39][random(4)]!;
      changed[at]! ^= change;
    }
    yield changed;
  }
}

/** Integers below a bound, spread as multiples of the golden ratio are (Weyl, 1916). */
function weyl(): (below: number) => number {
  let state = 0;
  return (below) => {
    state = (state + 0x9e3779b9) >>> 0;
    // The high bits of a square are well mixed.
    const mixed = Math.imul(state ^ (state >>> 15), 0x85ebca6b) >>> 0;
    return Math.floor((mixed / 2 ** 32) * below);
  };
}
