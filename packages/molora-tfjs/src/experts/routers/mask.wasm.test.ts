import { beforeAll } from 'vitest';
import { useBackend } from '../../test-support/backend.js';
import { maskSuite } from '../../test-support/mask-suite.js';

beforeAll(() => useBackend('wasm'));
maskSuite();
