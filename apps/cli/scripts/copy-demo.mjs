/** Part of the build: puts the demo checkpoint beside the compiled program, where `--demo` finds it. */
import { cp, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const from = fileURLToPath(new URL('../../../examples/demo-model', import.meta.url));
const to = fileURLToPath(new URL('../dist/demo', import.meta.url));
await rm(to, { recursive: true, force: true });
await cp(from, to, { recursive: true });
