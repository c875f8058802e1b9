/**
 * Makes the JSON Schemas of the documents from their types: `src/document-schemas.ts`, which is checked
 * in, so that the package has no dependency at run time. Bounds come from the tags of the types (most
 * are in `src/quantities.ts`), descriptions from their comments. What types cannot say is added in
 * `src/schemas.ts`.
 *
 *     node scripts/make-schemas.mjs           after a change of the types
 *     node scripts/make-schemas.mjs --check   fails where the file is not what the types say
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';

const folder = new URL('../', import.meta.url);
const file = fileURLToPath(new URL('src/document-schemas.ts', folder));
const documents = {
  analysis: 'Analysis',
  allocation: 'Allocation',
  scores: 'Scores',
  trainingStep: 'TrainingStep',
};

const parts = Object.entries(documents).map(([name, type]) => {
  const generator = createGenerator({
    path: fileURLToPath(new URL('src/*.ts', folder)),
    tsconfig: fileURLToPath(new URL('tsconfig.json', folder)),
    type,
    // The build checks them, with a TypeScript that has no interface for programs.
    skipTypeCheck: true,
    additionalProperties: true,
    sortProps: false,
    // Whole schemas without references: messages name the fields of a document.
    expose: 'none',
    topRef: false,
    jsDoc: 'extended',
  });
  const { $schema: _, definitions: __, ...schema } = generator.createSchema(type);
  return `export const ${name}: JsonSchema = ${JSON.stringify(simple(schema))};\n`;
});
const made = formatted(`\
// biome-ignore-all lint/suspicious/noThenProperty: a keyword of JSON Schema
/** Made by scripts/make-schemas.mjs from the types of the documents: change those, and run it. */

export type JsonSchema = Readonly<Record<string, unknown>>;

${parts.join('\n')}`);

if (!process.argv.includes('--check')) {
  writeFileSync(file, made);
} else if (readFileSync(file, 'utf8') !== made) {
  console.error(
    `${file} is not what the types say: run node packages/contracts/scripts/make-schemas.mjs`,
  );
  process.exitCode = 1;
}

/** The same schema in fewer words, and as draft 2020-12 has it. */
function simple(schema) {
  if (Array.isArray(schema)) return schema.map(simple);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { description, type, additionalProperties, items, anyOf, required, properties, ...rest } =
    schema;
  const words = description && { description };
  if (anyOf) return { ...words, ...rest, ...either(anyOf.map(simple)) };
  const open = JSON.stringify(additionalProperties) === '{}';
  return {
    ...words,
    // The values say what type they have.
    ...(!('const' in rest || 'enum' in rest) && { type }),
    ...rest,
    // In the order of the properties, in which faults are found.
    ...(required && {
      required: Object.keys(properties).filter((name) => required.includes(name)),
    }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, simple(property)]),
      ),
    }),
    ...(additionalProperties && !open && { additionalProperties: simple(additionalProperties) }),
    ...(items && { items: simple(Array.isArray(items) ? common(items) : items) }),
  };
}

/** All entries of a tuple are alike but for their names. */
function common(items) {
  const [first, ...others] = items.map(({ title: _, ...item }) => item);
  if (others.some((item) => JSON.stringify(item) !== JSON.stringify(first))) {
    throw new Error('tuples of different types are not provided for');
  }
  return first;
}

/**
 * One of two objects, told apart by a field with a constant in the first: a condition, so that a fault
 * is that of the right one.
 */
function either([one, other, ...more]) {
  const key = Object.keys(one.properties).find((name) => 'const' in one.properties[name]);
  if (more.length > 0 || !other.properties[key]?.enum) throw new Error('no field tells them apart');
  const both = (name) =>
    JSON.stringify(one.properties[name]) === JSON.stringify(other.properties[name]);
  const shared = Object.keys(one.properties).filter(both);
  const { const: value } = one.properties[key];
  const own = ({ properties, required }) => ({
    required: required.filter((name) => name !== key && !shared.includes(name)),
    properties: Object.fromEntries(
      Object.entries(properties).filter(([name]) => name !== key && !shared.includes(name)),
    ),
  });
  return {
    type: 'object',
    required: [...one.required.filter((name) => shared.includes(name)), key],
    properties: {
      ...Object.fromEntries(shared.map((name) => [name, one.properties[name]])),
      [key]: { enum: [value, ...other.properties[key].enum] },
    },
    if: { properties: { [key]: { const: value } }, required: [key] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: own(one),
    else: own(other),
  };
}

function formatted(text) {
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [biome, 'format', `--stdin-file-path=${file}`],
    { input: text, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return stdout;
}
