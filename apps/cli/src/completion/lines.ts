/** What a shell is told of what may stand at the cursor, as its script reads it. */
import type { Candidates } from './candidates.js';
import type { Shell } from './scripts.js';

/** @returns a line each; none where files are asked for, `:` where nothing fits */
export function linesFor(shell: Shell, { candidates, files }: Candidates): string {
  if (candidates.length === 0) return files ? '' : ':\n';
  return candidates.map((each) => `${line(shell, each)}\n`).join('');
}

function line(shell: Shell, { value, description }: Candidates['candidates'][0]): string {
  if (shell === 'bash' || !description) return value;
  // `_describe` of zsh splits at the first colon that has no backslash.
  if (shell === 'zsh') return `${value.replaceAll(':', '\\:')}:${description}`;
  return `${value}\t${description}`;
}
