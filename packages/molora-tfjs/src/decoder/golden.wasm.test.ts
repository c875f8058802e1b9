import { goldenSuite } from '../test-support/golden-suite.js';

goldenSuite('wasm');
