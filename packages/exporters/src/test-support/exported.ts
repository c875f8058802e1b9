/** The two parts of an export, apart. */
import type { Exported } from '@alphalora/contracts/extensions';
import { exportDocument } from '../export.js';

export async function filesOf(
  ...question: Parameters<typeof exportDocument>
): Promise<Exported['files']> {
  return (await exportDocument(...question)).files;
}

export async function notesOf(
  ...question: Parameters<typeof exportDocument>
): Promise<Exported['notes']> {
  return (await exportDocument(...question)).notes;
}
