/** Whole files, read where they are regular ones; see `open-file.ts`. */
import { isAlphaLoraError } from '@alphalora/contracts';
import { fileError } from './file-error.js';
import { openRegularFile } from './open-file.js';

/** The whole content; see {@link openRegularFile}. */
export async function readRegularFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const { handle } = await openRegularFile(path);
  try {
    return await handle.readFile();
  } catch (error) {
    throw fileError(error, path, 'read');
  } finally {
    await handle.close();
  }
}

/** The whole content, or undefined where there is no file; see {@link openRegularFile}. */
export async function readIfPresent(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return readRegularFile(path).catch((error: unknown) => {
    if (isAlphaLoraError(error, 'NOT_FOUND')) return undefined;
    throw error;
  });
}

/** The same as text; see {@link readIfPresent}. */
export async function readTextIfPresent(path: string): Promise<string | undefined> {
  const bytes = await readIfPresent(path);
  return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
