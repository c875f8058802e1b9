#!/usr/bin/env node
/**
 * Entry point: asks whether this Node can run the program before anything of it is loaded. This file keeps to
 * what Node 12 can read, and imports nothing at its top: a newer syntax anywhere in the program, or a module
 * that an old Node lacks, would end it with a stack trace before any message.
 */

/** `engines` of package.json. */
const needed = [20, 19];

const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
if (major > needed[0]! || (major === needed[0]! && minor >= needed[1]!)) {
  import('./start.js');
} else {
  process.stderr.write(
    'error: alphalora needs Node ' +
      needed.join('.') +
      ' or later, and this is ' +
      process.versions.node +
      ': install a newer one, e.g. from nodejs.org\n',
  );
  process.exitCode = 1;
}
