/** Names, thresholds, settings and texts alone: light enough for programs that only list or parse them. */
export { escapedData, printable, printableData } from './printable.js';
export { publishedAllocating, publishedMeasuring, unpublished } from './published.js';
export { defaultResource, resourceNames, resources } from './resources.js';
export { parseSetting } from './settings.js';
export { parseThreshold, type Threshold } from './thresholds.js';
export { weightType } from './weight-type.js';
