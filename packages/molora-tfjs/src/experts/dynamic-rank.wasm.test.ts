import { beforeAll } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { dynamicRankSuite } from '../test-support/dynamic-rank-suite.js';

beforeAll(() => useBackend('wasm'));
dynamicRankSuite();
