/** Names by which a command is given what it reads as a stream. */

/** Whether a path is a shell's name for a pipe or stdin, which says nothing about what comes. */
export function isStreamName(path: string): boolean {
  return path === '-' || /^\/(dev\/(stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/.test(path);
}
