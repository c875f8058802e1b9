import { describeTraining } from '../test-support/training-suite.js';

describeTraining('cpu');
