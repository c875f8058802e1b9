/**
 * Formats of other programs that a document can be exported to, loaded when they are asked for. A
 * new format is a file beside this one and a line here.
 */
import { type Allocation, AlphaLoraError, type Analysis } from '@alphalora/contracts';

/** The content of one file, or the contents of several by their names. */
export type Exported = string | Readonly<Record<string, string>>;

export type Exporter =
  | { name: string; of: 'analysis'; export(document: Analysis): Exported }
  | { name: string; of: 'allocation'; export(document: Allocation): Exported };

const exporters: ReadonlyMap<string, () => Promise<Exporter>> = new Map<
  string,
  () => Promise<Exporter>
>([['csv', async () => (await import('./csv.js')).csv]]);

/**
 * @throws AlphaLoraError `INVALID_OPTION` when there is no such format, or not for this kind of
 *   document
 */
export async function exportDocument(
  document: Analysis | Allocation,
  format: string,
): Promise<Exported> {
  const exporter = await exporters.get(format)?.();
  if (!exporter) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `unknown format "${format}": --to takes ${[...exporters.keys()].join(', ')}`,
    );
  }
  if (exporter.of === 'analysis' && document.kind === 'analysis') return exporter.export(document);
  if (exporter.of === 'allocation' && document.kind === 'allocation') {
    return exporter.export(document);
  }
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `the format ${format} is for an ${exporter.of}, and this is an ${document.kind}`,
  );
}
