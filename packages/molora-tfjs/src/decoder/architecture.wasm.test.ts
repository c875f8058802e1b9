import { architectureSuite } from '../test-support/architecture-suite.js';

architectureSuite('wasm');
