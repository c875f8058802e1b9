/** All commands of the program, as they are declared. */
import { CommanderError } from '@commander-js/extra-typings';
import type { Io } from '../io.js';
import { createProgram } from '../program.js';

// biome-ignore lint/suspicious/noExplicitAny: commands of all arguments and options
export type AnyCommand = ReturnType<typeof createProgram> | any;

const quiet: Io = {
  stdout: { write: () => undefined },
  stderr: { write: () => undefined },
  signal: new AbortController().signal,
};

/** A program that runs nothing: what its commands are called with is told. */
export function declaredProgram(onCall: (path: string, given: unknown[]) => void): AnyCommand {
  const program = createProgram(quiet, () => undefined);
  for (const command of everyCommand(program)) {
    if (command.commands.length > 0) continue;
    command.action((...given: unknown[]) => onCall(pathOf(command), given));
  }
  return program;
}

/** The program, its commands and theirs. */
export function everyCommand(command: AnyCommand): AnyCommand[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** `queue status`; nothing for the program. */
export function pathOf(command: AnyCommand): string {
  const names: string[] = [];
  for (let at = command; at.parent; at = at.parent) names.unshift(at.name());
  return names.join(' ');
}

/** The help as it is printed. */
export async function helpOf(command: AnyCommand): Promise<string> {
  let text = '';
  command.configureOutput({
    writeOut: (part: string) => (text += part),
    getOutHelpWidth: () => 80,
  });
  try {
    command.outputHelp();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
  return text;
}

/** The lines under `Examples:`, without what stands before them. */
export function examplesIn(help: string): string[] {
  const [, shown = ''] = help.split(/^Examples:\n/m);
  return shown.split('\n').flatMap((line) => (/^ {2}\S/.test(line) ? line.trim() : []));
}

/** The words of a line as a shell would give them: `"..."` and `'...'` are one. */
export function shellWords(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain!,
  );
}
