/**
 * Engines, estimators, metrics, formats and sources of a program's own: registries belong to a thread,
 * so that each thread that measures adds them anew.
 */

/** What every thread that measures does first. */
export interface Preparation {
  /** A module by its URL. Its default export is called with the data: a function that adds to registries. */
  readonly module: string;
  /** Plain data: it crosses threads. */
  readonly data?: unknown;
}

/** Prepares this thread. */
export async function prepare(preparation: Preparation | undefined): Promise<void> {
  if (preparation === undefined) return;
  const { default: run } = (await import(preparation.module)) as {
    default: (data: unknown) => unknown;
  };
  await run(preparation.data);
}
