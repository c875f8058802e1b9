/**
 * Compiles the JSON Schemas of `@alphalora/contracts` to plain functions, `dist/validators.js`: they
 * load at once, run where `eval` is forbidden, such as on a page with a strict policy, and bring no
 * validator along.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { allocationSchema, analysisSchema, trainingStepSchema } from '@alphalora/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standaloneCode from 'ajv/dist/standalone/index.js';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const schemas = {
  validateAnalysis: analysisSchema,
  validateAllocation: allocationSchema,
  validateTrainingStep: trainingStepSchema,
};

const ajv = new Ajv2020({
  schemas: Object.values(schemas),
  // Conditions name fields that are defined elsewhere.
  strict: false,
  strictNumbers: true,
  // Counting code points would need a helper of Ajv's at run time.
  unicode: false,
  code: { source: true, esm: true },
});
const ids = Object.fromEntries(Object.entries(schemas).map(([name, { $id }]) => [name, $id]));
const code = standaloneCode.default(ajv, ids);
if (/\b(require|import)\b\s*\(/.test(code)) throw new Error('the validators need a module');

const types = `
export interface Fault {
  instancePath: string;
  message?: string;
  params: Record<string, unknown>;
}
export interface Validator {
  (value: unknown): boolean;
  errors?: Fault[] | null;
}
${Object.keys(schemas)
  .map((name) => `export declare const ${name}: Validator;\n`)
  .join('')}`;

await mkdir(dist, { recursive: true });
await writeFile(`${dist}validators.d.ts`, types.trimStart());
await writeFile(`${dist}validators.js`, code);
