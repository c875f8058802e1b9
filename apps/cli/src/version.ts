import { readFileSync } from 'node:fs';

/** The version of this package, which is also the version in the documents that it writes. */
export function toolVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
