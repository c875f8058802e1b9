import { describeStepGradients } from '../test-support/step-gradients-suite.js';

describeStepGradients('cpu');
