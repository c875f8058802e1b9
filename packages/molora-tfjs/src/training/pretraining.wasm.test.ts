import { pretrainingSuite } from '../test-support/pretraining-suite.js';

pretrainingSuite('wasm');
