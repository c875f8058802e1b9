/** `alphalora completion`: the script of a shell, and what it asks for. */
import type { Command } from '@commander-js/extra-typings';
import { candidatesFor } from '../../completion/candidates.js';
import { linesFor } from '../../completion/lines.js';
import { type Shell, scripts } from '../../completion/scripts.js';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { writeJson, writeResult } from '../../output/result.js';
import type { CompletionOptions } from './command.js';

/** @param program whose commands are completed */
export function codeFor(program: Command) {
  return {
    async run(
      shell: Shell,
      words: string[],
      options: CompletionOptions,
      { stdout }: Io,
    ): Promise<ExitCode> {
      if (words.length === 0) {
        const script = scripts[shell];
        if (options.json) writeJson(stdout, { shell, script });
        else stdout.write(script, 'data');
        return exitCodes.done;
      }
      const typed = shell === 'powershell' ? words.with(-1, words.at(-1)!.slice(1)) : words;
      const found = await candidatesFor(program, typed);
      writeResult(stdout, options, found, () => linesFor(shell, found));
      return exitCodes.done;
    },
  };
}
