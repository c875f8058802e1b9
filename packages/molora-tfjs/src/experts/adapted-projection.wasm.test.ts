import { beforeAll } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { expertsSuite } from '../test-support/experts-suite.js';

beforeAll(() => useBackend('wasm'));
expertsSuite();
