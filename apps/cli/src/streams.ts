/**
 * The process's stdout and stderr as the commands see them. A stream that fails is told once to who
 * has to know, and takes no more: never a stack trace, whoever closed it or whatever is full.
 */
import type { Output } from './io.js';

/** @param onFailure is called once, with the system's error */
export function lasting(
  stream: NodeJS.WriteStream,
  onFailure: (error: NodeJS.ErrnoException) => void,
): Output {
  let isOpen = true;
  const fail = (error: NodeJS.ErrnoException): void => {
    if (isOpen) {
      isOpen = false;
      onFailure(error);
    }
  };
  stream.on('error', fail);
  return {
    write(text) {
      if (!isOpen) return;
      try {
        stream.write(text);
      } catch (error) {
        // Files are written at once, and fail at once.
        fail(error as NodeJS.ErrnoException);
      }
    },
    get isTTY() {
      return stream.isTTY;
    },
    get columns() {
      return stream.columns;
    },
    ...(stream.isTTY && { hasColors: () => stream.hasColors() }),
  };
}
