/**
 * Reads vitest's JSON report: lists what was skipped (the titles say why), then prints `N passed, M failed, K skipped`.
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

for (const { file, ancestorTitles, title } of skipped) {
  const name = [...ancestorTitles, title].filter(Boolean).join(' > ');
  process.stdout.write(`skipped: ${file}: ${name}\n`);
}
process.stdout.write(`${passed.length} passed, ${failed} failed, ${skipped.length} skipped\n`);
process.exitCode = success && failed === 0 && passed.length > 0 ? 0 : 1;
