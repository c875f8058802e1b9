/** What names say of what a command is given to read. */

/** Whether a path is a shell's name for a pipe or stdin, which says nothing about what comes. */
export function isStreamName(path: string): boolean {
  return path === '-' || /^\/(dev\/(stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/.test(path);
}

/** Whether it names a document rather than a model. Nothing of a model can be read from a pipe. */
export function isDocument(source: string): boolean {
  return source.endsWith('.json') || isStreamName(source);
}
