/**
 * A model hub on this machine, for tests and benchmarks.
 *
 *     node tests/hub-emulator/main.mjs <folder> [--port 0] [--token hf_x] [--outsider hf_y] [--page 50]
 *
 * Serves `<folder>/<org>/<name>/` as the models `org/name`: the API, the `resolve` paths that redirect
 * large files to signed links on a second origin, gated and private repositories, and faults on demand.
 * Prints one line of JSON, `{ endpoint, files }`, when it listens; ends with its standard input where
 * that is a pipe, so that it does not outlive the test that started it.
 */
import { parseArgs } from 'node:util';
import { startEmulator } from './emulator.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '0' },
    token: { type: 'string', default: 'hf_member' },
    outsider: { type: 'string', default: 'hf_outsider' },
    page: { type: 'string', default: '50' },
  },
});
const [folder] = positionals;
if (folder === undefined) {
  process.stderr.write('usage: node tests/hub-emulator/main.mjs <folder> [--port 8080]\n');
  process.exit(2);
}
const { endpoint, files } = await startEmulator({
  folder,
  port: Number(values.port),
  token: values.token,
  outsider: values.outsider,
  pageSize: Number(values.page),
});
process.stdout.write(`${JSON.stringify({ endpoint, files })}\n`);
if (!process.stdin.isTTY) process.stdin.on('end', () => process.exit(0)).resume();
