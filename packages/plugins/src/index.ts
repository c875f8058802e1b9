/** What others wrote: found by path, package or configuration, loaded and run under a limit. Node only. */
export type { ExtensionKind } from './kinds.js';
export { extensionKinds } from './kinds.js';
export type { Extension, ExtensionPlace } from './load-extension.js';
export { loadExtension, placeInWords } from './load-extension.js';
export type { Plugins, PluginsOptions } from './open-plugins.js';
export { openPlugins } from './open-plugins.js';
export type { OpenPolicy, PolicyInfo, PolicyJob } from './open-policy.js';
