/**
 * What the operating system says about a file, in words: the one place where its codes are turned into
 * messages, so that a process with too many open files is never told as a missing or damaged model.
 */
import { AlphaLoraError, defined, isAlphaLoraError } from '@alphalora/contracts';

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied; check the owner and the mode of the file and of its folders',
  EPERM: 'the operating system does not permit it',
  EROFS: 'the file system is read-only',
  EMFILE: 'this process has too many open files; raise the limit, e.g. ulimit -n 4096',
  ENFILE: 'the machine has too many open files; close some programs',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'the path or a name in it is too long',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a file lies where its folder should be',
  EISDIR: 'it is a folder; name a file in it',
  ENXIO: 'it is a socket or a device that is not ready; name a regular file',
  EPIPE: 'its reader closed the pipe',
  ENOSPC: 'no space left on the device; free some, or write elsewhere',
  EDQUOT: 'the disk quota is exceeded; free some space, or write elsewhere',
  EIO: 'input/output error; the disk or the connection to it may be failing',
  ESTALE: 'the file was replaced on its server; run the command again',
};

/** Whether there is nothing at a path: neither a file, nor the folder that it should lie in. */
export function isAbsence(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/**
 * What the operating system reports about a path, as a tagged error; tagged errors pass through.
 *
 * @returns `NOT_FOUND` where a file to read does not exist, else `IO_FAILED`; `details.errno` has the
 *   system's code, such as `EMFILE`
 */
export function fileError(
  error: unknown,
  path: string,
  verb: 'open' | 'read' | 'write',
): AlphaLoraError {
  if (isAlphaLoraError(error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const details = { file: path, ...defined({ errno: code }) };
  if (verb !== 'write' && isAbsence(error)) {
    const why = code === 'ENOTDIR' ? `: ${reasons['ENOTDIR']}` : '';
    return new AlphaLoraError('NOT_FOUND', `${path} does not exist${why}`, { details });
  }
  const known = code === undefined ? undefined : reasons[code];
  return known === undefined
    ? new AlphaLoraError('IO_FAILED', `cannot ${verb} ${path}: ${message}`, {
        details,
        cause: error,
      })
    : new AlphaLoraError('IO_FAILED', `cannot ${verb} ${path}: ${known}`, { details });
}
