/**
 * A run over a queue, simulated: jobs are started in their order, each by the first worker that is
 * free; the server hands them out one after the other; workers that are more than the cores they
 * share slow one another down alike.
 */

/**
 * @param {object} run
 * @param {number[]} run.seconds work of each job on a core of its own, in the order of asking
 * @param {number} run.workers matrices at a time, over all machines
 * @param {number} [run.cores] that they share; by default each has one
 * @param {number} [run.perJob] seconds that the queue takes for each job, one job at a time
 * @returns {number} seconds until the last result
 */
export function simulate({ seconds, workers, cores = workers, perJob = 0 }) {
  const waiting = seconds.values();
  /** What each worker still has to do, in seconds of a core. */
  const left = new Float64Array(workers).fill(Number.NaN);
  /** When the job of each worker will have been handed out. */
  const handed = new Float64Array(workers);
  let serverFree = 0;
  let now = 0;
  let busy = 0;
  const take = (worker) => {
    const { value, done } = waiting.next();
    if (done) {
      left[worker] = Number.NaN;
      return;
    }
    serverFree = Math.max(serverFree, now) + perJob;
    handed[worker] = serverFree;
    left[worker] = value;
    busy++;
  };
  for (let worker = 0; worker < workers; worker++) take(worker);
  while (busy > 0) {
    // The next thing to happen: a job arrives at a worker, or one is finished.
    const computing = left.filter((_, worker) => computes(worker)).length;
    const speed = Math.min(1, cores / Math.max(1, computing));
    let step = Number.POSITIVE_INFINITY;
    for (let worker = 0; worker < workers; worker++) {
      if (Number.isNaN(left[worker])) continue;
      step = Math.min(step, computes(worker) ? left[worker] / speed : handed[worker] - now);
    }
    const before = Array.from(left, (_, worker) => computes(worker));
    now += step;
    for (let worker = 0; worker < workers; worker++) {
      if (!before[worker]) continue;
      left[worker] -= step * speed;
      if (left[worker] > 1e-9) continue;
      busy--;
      take(worker);
    }
  }
  return now;

  function computes(worker) {
    return !Number.isNaN(left[worker]) && handed[worker] <= now + 1e-12;
  }
}
