/** Who writes the documents: the program, whose version is that of this package. */
import { readFileSync } from 'node:fs';
import type { ToolIdentity } from '@alphalora/contracts';

export function tool(): ToolIdentity {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return { name: 'alphalora', version: (JSON.parse(text) as { version: string }).version };
}
