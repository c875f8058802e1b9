/**
 * A Python file for trainers that take PEFT's `LoraConfig` or its arguments: `LORA`, the arguments, below
 * comments that say how to use the file and what it cannot hold, and above the trainer's own part.
 */
import { escapedData, printable } from '@alphalora/documents';
import { pythonOf } from '../python.js';
import type { LoraArguments } from './peft-config.js';

export interface PythonFile {
  /** The trainer, as people call it. */
  readonly trainer: string;
  /** Lines of a comment, code indented by four spaces. */
  readonly usage: string;
  readonly imports?: string;
  readonly notes: readonly string[];
  readonly config: Partial<LoraArguments>;
  /** The trainer's own part, below `LORA`. */
  readonly program: string;
}

export function loraFile(file: PythonFile): string {
  const comments = [
    `LoRAs for ${file.trainer}, as AlphaLoRA for TypeScript allocated them:`,
    '',
    ...file.usage.replace(/^\n|\n+$/g, '').split('\n'),
    ...(file.notes.length > 0 ? ['', ...file.notes.map(printable)] : []),
  ];
  const text = [
    ...comments.map((line) => (line === '' ? '#' : `# ${line}`)),
    '',
    ...(file.imports === undefined ? [] : [file.imports.trim(), '']),
    "# Arguments of PEFT's LoraConfig.",
    `LORA = ${pythonOf(file.config)}`,
    '',
    '',
    file.program.trim(),
    '',
  ].join('\n');
  // Marks that turn the direction of what follows are escaped: what is read is what runs.
  return escapedData(text);
}
