/** Names of files without the folders or the address before them. */

/** Last part of a path or URL. */
export function plainName(path: string): string {
  return path
    .replace(/[?#].*$/, '')
    .split(/[/\\]/)
    .at(-1)!;
}

/** Whether it is the name of a file in a folder, and leads nowhere else on any system. */
export function isPlainName(name: string): boolean {
  // A colon could name a drive or a stream on Windows, a null byte ends names elsewhere.
  return name !== '' && name !== '.' && name !== '..' && !/[/\\:\0]/.test(name);
}
