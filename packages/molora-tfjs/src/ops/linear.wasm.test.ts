import { beforeAll } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { linearSuite } from '../test-support/linear-suite.js';

beforeAll(() => useBackend('wasm'));
linearSuite();
