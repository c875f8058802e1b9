/**
 * Conformance kits: named checks of a thing that fills one of the interfaces, as plain results and as
 * tests of whatever framework the caller has.
 *
 * The first checks are steps: each rests on the one before, so that a fault is reported once, by the
 * check that names it, and what can no longer be judged is skipped with that reason. The others are
 * independent of one another, and skip what the thing does not claim.
 */

/** What came out of one check. */
export interface Check {
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly reason?: string;
  /** Where it was skipped because of another check that failed: the name of that. */
  readonly restsOn?: string;
}

/** Nothing, where a check has passed. */
export type Outcome = undefined | { readonly failed: string } | { readonly skipped: string };

/** Looks at the thing under test; what it throws is a failure as well. */
export type Examination<Subject> = (subject: Subject) => Outcome | Promise<Outcome>;

type Examinations<Subject> = ReadonlyArray<
  readonly [name: string, examination: Examination<Subject>]
>;

/** Of vitest, jest, mocha or node:test. */
export interface TestFunctions {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

export interface Kit<Subject> {
  /** The names of all checks, in the order of the results. */
  readonly names: readonly string[];
  /** @returns one result for each of the names; it never throws for a fault of the subject */
  check(subject: Subject): Promise<Check[]>;
  /**
   * Registers one test for each check. One that the thing makes no claim to passes; one that rests on
   * a failed check is skipped with the reason, but by jest, where a running test cannot be skipped.
   *
   * @param title of the group of tests
   */
  describe(title: string, subject: Subject, tests: TestFunctions): void;
}

/**
 * A kit of checks.
 *
 *     const kit = createKit<TailEstimator>({
 *       steps: [['shape', ({ name }) => (name === '' ? { failed: 'it has no name' } : undefined)]],
 *       independent: [],
 *     });
 *     const checks = await kit.check(estimator);
 */
export function createKit<Subject>({
  steps,
  independent,
}: {
  steps: Examinations<Subject>;
  independent: Examinations<Subject>;
}): Kit<Subject> {
  const names = [...steps, ...independent].map(([name]) => name);

  async function check(subject: Subject): Promise<Check[]> {
    const results: Check[] = [];
    let broken: string | undefined;
    for (const [at, [name, examination]] of [...steps, ...independent].entries()) {
      if (broken !== undefined) {
        const reason = `rests on the check "${broken}"`;
        results.push({ name, status: 'skipped', reason, restsOn: broken });
        continue;
      }
      const result = await resultOf(name, examination, subject);
      if (at < steps.length && result.status === 'failed') broken = name;
      results.push(result);
    }
    return results;
  }

  return {
    names,
    check,
    describe(title, subject, { describe, it }) {
      let running: Promise<Check[]> | undefined;
      describe(title, () => {
        for (const name of names) {
          // Without a parameter of its own: mocha and jest would wait for that to be called.
          it(name, async function (this: Running | undefined, ...[context]: [Running?]) {
            running ??= check(subject);
            const result = (await running).find((one) => one.name === name)!;
            if (result.status === 'failed') throw new Error(result.reason);
            if (result.restsOn !== undefined) (context ?? this)?.skip?.(result.reason);
          });
        }
      });
    },
  };
}

/** What the framework gives a test, by which it can skip itself; jest has nothing of the kind. */
interface Running {
  skip?(reason?: string): void;
}

async function resultOf<Subject>(
  name: string,
  examination: Examination<Subject>,
  subject: Subject,
): Promise<Check> {
  try {
    const outcome = await examination(subject);
    if (outcome === undefined) return { name, status: 'passed' };
    if ('skipped' in outcome) return { name, status: 'skipped', reason: outcome.skipped };
    return { name, status: 'failed', reason: outcome.failed };
  } catch (error) {
    return { name, status: 'failed', reason: String(error) };
  }
}

/** The first outcome other than passed, over several things to look at. */
export async function forEachOf<Thing>(
  things: Iterable<Thing>,
  examine: Examination<Thing>,
): Promise<Outcome> {
  for (const thing of things) {
    const outcome = await examine(thing);
    if (outcome) return outcome;
  }
  return undefined;
}
