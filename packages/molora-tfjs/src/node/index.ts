/** Models, runs and data on disk. Needs Node; the main entry does not. */
export { readTaskData, type TaskData } from './data.js';
export { loadModel, type Model } from './load.js';
export { loadAdapter } from './load-adapter.js';
export { openRunFolder, type RunFolder } from './run-folder.js';
