/** The command line in this process: its exit code, and what it wrote. */
import { runCommandLine } from '../command-line.js';

export async function alphalora(
  ...argv: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const texts = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof texts) => ({
    write(text: string) {
      texts[name] += text;
    },
  });
  const io = { stdout: stream('stdout'), stderr: stream('stderr') };
  const code = await runCommandLine(argv, { ...io, signal: new AbortController().signal });
  return { code, ...texts };
}
