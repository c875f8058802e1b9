/** Numbers that do not come from this code; `reference/README.md` says where each file is from. */
import { readFileSync } from 'node:fs';

export function readReference(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`reference/${name}`, import.meta.url), 'utf8'));
}
