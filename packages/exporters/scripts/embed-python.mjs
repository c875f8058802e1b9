/**
 * Writes `python/molora.py` as a JavaScript module, `dist/molora.js`: the text loads alike in Node, in the
 * browser and through any bundler.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = await readFile(`${root}python/molora.py`, 'utf8');
await mkdir(`${root}dist`, { recursive: true });
await writeFile(`${root}dist/molora.d.ts`, 'export declare const molora: string;\n');
await writeFile(`${root}dist/molora.js`, `export const molora = ${JSON.stringify(source)};\n`);
