/** A document in a format, once it is certain that the format is for such documents. */
import {
  type Allocation,
  AlphaLoraError,
  type Analysis,
  type Resource,
  refusedOptions,
} from '@alphalora/contracts';
import type { Exported, Exporter } from '@alphalora/contracts/extensions';
import { resources } from '@alphalora/documents/terms';
import { exporters } from './registry.js';

// biome-ignore lint/suspicious/noExplicitAny: the options of each format are its own
type AnyExporter = Exporter<any, any>;

/**
 * @param document valid, as `@alphalora/documents` checks it
 * @param format one of `exporters`, or an exporter of one's own
 * @param options of the format, which its schema checks and completes
 * @throws AlphaLoraError `INVALID_OPTION` when there is no such format, or not for this kind of
 *   document or what it shares out, or an option is refused; `INVALID_DOCUMENT` when the document lacks what the format needs,
 *   `EXTENSION_FAILED` when a format of others answers what is no answer
 */
export async function exportDocument(
  document: Analysis | Allocation,
  format: string | AnyExporter,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Exported> {
  const { kind } = document;
  const exporter = await exporterFor(
    format,
    kind === 'allocation' ? { kind, unit: document.budget.unit } : { kind },
  );
  return checked(exporter.export(document, await optionsFor(exporter, options)), exporter.name);
}

/** What is known of a document before there is one. */
export type Exportable = { kind: 'analysis' } | { kind: 'allocation'; unit: Resource };

/**
 * The exporter of a format, once it is certain that it takes such documents.
 *
 * @throws AlphaLoraError `NOT_FOUND` when there is no such format, `INVALID_OPTION` when it is not for this
 *   kind of document or what it allocates
 */
export async function exporterFor(
  format: string | AnyExporter,
  document: Exportable,
): Promise<AnyExporter> {
  const exporter = typeof format === 'string' ? await exporters.load(format) : format;
  const { name, kinds } = exporter;
  if (!kinds.includes(document.kind)) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      `the format ${name} is for an ${kinds.join(' or ')}, and this is an ${document.kind}`,
    );
  }
  if (document.kind === 'allocation' && !holds(exporter, document.unit)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `the format ${name} cannot hold an allocation of ${resources[document.unit].plural}: ` +
        `use ${(await formatsOf(document.unit)).join(', ')} for that`,
    );
  }
  return exporter;
}

/**
 * The options as the schema of a format completes them.
 *
 * @throws AlphaLoraError `INVALID_OPTION` naming the format and the option
 */
async function optionsFor(
  { name, options: schema }: Pick<AnyExporter, 'name' | 'options'>,
  given: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  if (!schema) {
    if (Object.keys(given).length > 0) throw refusedOptions('format', name, given);
    return {};
  }
  const result = await schema['~standard'].validate(given);
  if (result.issues) throw refusedOptions('format', name, given, result.issues, schema);
  return result.value;
}

/**
 * Names of files stay inside of the folder that they are written to.
 *
 * @throws AlphaLoraError `EXTENSION_FAILED` for what is no answer
 */
function checked(exported: Exported, format: string): Exported {
  const refuse = (what: string): never => {
    throw new AlphaLoraError('EXTENSION_FAILED', `the format ${format} answered ${what}`);
  };
  const { files, notes } = (exported ?? {}) as Partial<Exported>;
  if (!Array.isArray(notes) || notes.some((note) => typeof note !== 'string')) {
    return refuse('without a list of notes');
  }
  if (typeof files === 'string') return exported;
  const entries = typeof files === 'object' && files !== null ? Object.entries(files) : [];
  if (entries.length === 0) return refuse('without files');
  for (const [name, content] of entries) {
    if (!/^(?!\.{1,2}$)[^/\\:\0]+$/.test(name)) {
      refuse(`with ${JSON.stringify(name)}, which is no name of a file`);
    }
    if (typeof content !== 'string') refuse(`with a file ${JSON.stringify(name)} that is no text`);
  }
  return exported;
}

function holds({ kinds, units }: AnyExporter, unit: Resource): boolean {
  return kinds.includes('allocation') && (units === undefined || units.includes(unit));
}

/** Names of the formats that hold allocations of a resource. */
export async function formatsOf(unit: Resource): Promise<string[]> {
  const all = await Promise.all(exporters.names().map((name) => exporters.load(name)));
  return all.filter((exporter) => holds(exporter, unit)).map(({ name }) => name);
}
