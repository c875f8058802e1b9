import { gradientSuite } from '../test-support/gradient-suite.js';

gradientSuite('wasm');
