/** What is made of adapters beside reading them: a merged model, and modules found by their names. */
export { type MergedModel, type MergedWeight, mergedModel } from './merged.js';
export { moduleFinder } from './modules.js';
