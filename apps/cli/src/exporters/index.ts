/**
 * Formats of other programs that a document can be exported to, loaded when they are asked for. A
 * new format is a file beside this one and a line here.
 */
import {
  type Allocation,
  AlphaLoraError,
  type Analysis,
  type Resource,
} from '@alphalora/contracts';

/** The content of a file of any name, or of files whose names the other program knows. */
export type Exported = string | Readonly<Record<string, string>>;

export interface Exporter {
  name: string;
  /** Absent where the format is not for this kind of document, like the next one. */
  analysis?(document: Analysis): Exported;
  allocation?: {
    /** What may have been shared out; an allocation of something else is refused. */
    units: readonly Resource[];
    export(document: Allocation): Exported;
    /** What of this allocation the format cannot express, in sentences for people. */
    notes(document: Allocation): string[];
  };
}

const exporters: ReadonlyMap<string, () => Promise<Exporter>> = new Map<
  string,
  () => Promise<Exporter>
>([
  ['csv', async () => (await import('./csv.js')).csv],
  ['mola', async () => (await import('./mola.js')).mola],
  ['guilomo', async () => (await import('./guilomo.js')).guilomo],
  ['peft', async () => (await import('./peft.js')).peft],
  ['axolotl', async () => (await import('./axolotl.js')).axolotl],
  ['llama-factory', async () => (await import('./llama-factory.js')).llamaFactory],
]);

/**
 * @throws AlphaLoraError `INVALID_OPTION` when there is no such format, or not for this kind of
 *   document or what it shares out; `INVALID_DOCUMENT` when the document lacks what the format needs
 */
export async function exportDocument(
  document: Analysis | Allocation,
  format: string,
): Promise<Exported> {
  const exporter = await exporterFor(format);
  if (document.kind === 'analysis') {
    if (!exporter.analysis) throw wrongKind(format, 'allocation', document.kind);
    return exporter.analysis(document);
  }
  if (!exporter.allocation) throw wrongKind(format, 'analysis', document.kind);
  const { unit } = document.budget;
  if (!exporter.allocation.units.includes(unit)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `the format ${format} cannot hold an allocation of ${unit}: ` +
        `--to takes ${(await formatsOf(unit)).join(', ')} for that`,
    );
  }
  return exporter.allocation.export(document);
}

/** What the format cannot express of a document that `exportDocument` accepts. */
export async function exportNotes(
  document: Analysis | Allocation,
  format: string,
): Promise<string[]> {
  if (document.kind === 'analysis') return [];
  return (await exporterFor(format)).allocation?.notes(document) ?? [];
}

async function exporterFor(format: string): Promise<Exporter> {
  const exporter = await exporters.get(format)?.();
  if (exporter) return exporter;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `unknown format "${format}": --to takes ${[...exporters.keys()].join(', ')}`,
  );
}

async function formatsOf(unit: Resource): Promise<string[]> {
  const all = await Promise.all([...exporters.values()].map((load) => load()));
  return all.filter(({ allocation }) => allocation?.units.includes(unit)).map(({ name }) => name);
}

function wrongKind(format: string, wanted: string, found: string): AlphaLoraError {
  return new AlphaLoraError(
    'INVALID_OPTION',
    `the format ${format} is for an ${wanted}, and this is an ${found}`,
  );
}
