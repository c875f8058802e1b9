/** How long units take that are measured several at a time. */

export interface ScheduledUnit {
  seconds: number;
  /** Bytes of memory while it is measured. */
  memory: number;
}

/**
 * Seconds until the last unit is done, where each begins as soon as a thread is free. One that takes
 * more than a thread's part of the memory keeps others waiting, as the memory gate does.
 *
 * @param units in the order in which they begin
 */
export function makespan(
  units: readonly ScheduledUnit[],
  { threads, maxMemory }: { threads: number; maxMemory: number },
): number {
  /** When each of them is free, ascending. */
  const free = new Array<number>(threads).fill(0);
  for (const { seconds, memory } of units) {
    const taken = Math.min(threads, Math.max(1, Math.ceil((threads * memory) / maxMemory)));
    const end = free[taken - 1]! + seconds;
    free.fill(end, 0, taken);
    free.sort((a, b) => a - b);
  }
  return free.at(-1)!;
}
