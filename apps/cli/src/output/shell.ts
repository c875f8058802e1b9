/** Commands to be copied: the program as it was started, and paths as a shell takes them. */
import { printable } from './printable.js';

/** `alphalora`, or how `npm run` reaches it from a clone. */
export function programName(): string {
  const { npm_lifecycle_event: script } = process.env;
  return script === 'alphalora' ? 'npm run --silent alphalora --' : 'alphalora';
}

/** A path as it is typed, in quotes where it needs them. */
export function inShell(path: string): string {
  const text = printable(path);
  // An option begins with a dash.
  const own = text.startsWith('-') ? `./${text}` : text;
  if (/^[\w./:@=+-]+$/.test(own)) return own;
  if (process.platform === 'win32') return `"${own}"`;
  return `'${own.replaceAll("'", "'\\''")}'`;
}
