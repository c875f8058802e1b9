import { describeAdamW } from '../test-support/adamw-suite.js';

describeAdamW('cpu');
