/** A user's CommonJS file: `require()` of our ES modules works from Node 20.19 on. */
const assert = require('node:assert/strict');

for (const name of process.argv.slice(2))
  assert(Object.keys(require(name)).length > 0, `${name} exports nothing`);
