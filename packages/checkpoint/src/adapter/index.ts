/** What is made of adapters beside reading them: a merged model, other forms, modules found by their names. */
export {
  type AdapterTarget,
  type ConvertedAdapter,
  type ConvertOptions,
  convertAdapter,
} from './convert.js';
export { updatesByModule } from './experts.js';
export { type MergedModel, type MergedWeight, mergedModel } from './merged.js';
export { moduleFinder } from './modules.js';
export { alphaOf } from './pattern-keys.js';
export { writtenType } from './writing/factors.js';
export { peftConfig, peftFactors, peftSaved } from './writing/peft.js';
