/** Experts, routers and masks on libtensorflow, which mixes no types where the other backends do. */
import { describe } from 'vitest';
import { startTfjsNode } from '../test-support/backend.js';
import { expertsSuite } from '../test-support/experts-suite.js';
import { maskSuite } from '../test-support/mask-suite.js';

const missing = await startTfjsNode();
const reason = missing ? ` (skipped: ${missing})` : '';

describe.skipIf(missing)(`on tfjs-node${reason}`, () => {
  expertsSuite();
  maskSuite();
});
