/** Lists that count how often they are read, so that tests can hold an algorithm to its growth. */

export interface Counting {
  /** Reads of its elements are counted, and those of lists that `map` and `filter` make of it. */
  list: number[];
  reads(): number;
}

export function counting(values: readonly number[]): Counting {
  let reads = 0;
  const observed = (target: number[]): number[] =>
    new Proxy(target, {
      get(array, key, receiver) {
        if (key === 'constructor') return { [Symbol.species]: Derived };
        if (typeof key === 'string' && /^\d+$/.test(key)) reads++;
        return Reflect.get(array, key, receiver);
      },
    });
  function Derived(length: number): number[] {
    return observed(new Array<number>(length));
  }
  return { list: observed([...values]), reads: () => reads };
}
