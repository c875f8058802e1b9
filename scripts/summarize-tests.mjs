/**
 * Reads vitest's JSON report: lists what was skipped, then prints `N passed, M failed, K skipped`.
 *
 *     node scripts/summarize-tests.mjs <report.json>
 *
 * A file that could not be loaded has no tests of its own in the report; it counts as one failure.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const { testResults, success } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const tests = testResults.flatMap(({ name, assertionResults }) =>
  assertionResults.map((test) => ({ ...test, file: relative(process.cwd(), name) })),
);
const withStatus = (...statuses) => tests.filter(({ status }) => statuses.includes(status));

const passed = withStatus('passed');
const skipped = withStatus('skipped', 'pending', 'todo', 'disabled');
const broken = testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
);
const failed = withStatus('failed').length + broken.length;

const skippedBySuite = new Map();
for (const test of skipped)
  skippedBySuite.set(suiteOf(test), (skippedBySuite.get(suiteOf(test)) ?? 0) + 1);
for (const [suite, count] of skippedBySuite) process.stdout.write(`skipped ${count}: ${suite}\n`);
process.stdout.write(`${passed.length} passed, ${failed} failed, ${skipped.length} skipped\n`);
process.exitCode = success && failed === 0 && passed.length > 0 ? 0 : 1;

function suiteOf({ file, ancestorTitles, title }) {
  return `${file}: ${ancestorTitles.filter(Boolean).join(' > ') || title}`;
}
