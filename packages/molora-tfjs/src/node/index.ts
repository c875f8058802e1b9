/** Models, runs and data on disk, and whole runs over them. Needs Node; the main entry does not. */
export { type CalibrationMeasure, calibrationMeasures } from '../calibration/measures.js';
export type {
  GrowingRanks,
  NewExperts,
  TrainedBefore,
  TrainedExperts,
} from '../training/adapter-plan.js';
export { type CalibrateModelOptions, calibrateModel } from './calibrate-model.js';
export { readTaskData, type TaskData, type TaskSource } from './data.js';
export {
  type EvaluateModelOptions,
  evaluateModel,
  type ModelEvaluation,
} from './evaluate-model.js';
export {
  type EvaluateSuiteOptions,
  evaluateSuite,
  type SuiteEvaluation,
} from './evaluate-suite.js';
export { type FineTuned, type FineTuneOptions, fineTune } from './fine-tune.js';
export {
  type LocateOptions,
  loadLanguageModel,
  loadModel,
  type Model,
  type ModelLocation,
} from './load.js';
export { loadAdapter } from './load-adapter.js';
export { type LoadEncoderOptions, loadEncoder } from './load-encoder.js';
export { openRunFolder, type RunFolder } from './run-folder.js';
