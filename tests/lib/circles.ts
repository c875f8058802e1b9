/** Files of one package that import one another in circles. */
import { posix } from 'node:path';
import { importsOf } from './modules.js';
import type { SourceFile } from './workspace.js';

/**
 * Every set of files in which each reaches each other by imports of any kind, sorted: the strongly
 * connected components (Tarjan, "Depth-first search and linear graph algorithms", 1972) of more
 * than one file, and files that import themselves.
 */
export function importCircles(files: readonly SourceFile[]): string[][] {
  const imported = new Map(files.map(({ path, text }) => [path, neighbors(path, text)]));
  /** In the order in which files are met; `lowest` is the first that a file leads back to. */
  const met = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];
  for (const path of imported.keys()) if (!met.has(path)) visit(path);
  return circles.sort(([a], [b]) => (a! < b! ? -1 : 1));

  function visit(path: string): void {
    const number = met.size;
    met.set(path, number);
    lowest.set(path, number);
    open.push(path);
    for (const next of imported.get(path)!) {
      if (!imported.has(next)) continue;
      if (!met.has(next)) visit(next);
      if (open.includes(next)) lowest.set(path, Math.min(lowest.get(path)!, lowest.get(next)!));
    }
    if (lowest.get(path) !== number) return;
    const circle = open.splice(open.indexOf(path));
    if (circle.length > 1 || imported.get(path)!.includes(path)) circles.push(circle.sort());
  }
}

function neighbors(path: string, text: string): string[] {
  return importsOf(path, text)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) =>
      posix.join(posix.dirname(path), specifier).replace(/\.([cm]?)js$/, '.$1ts'),
    );
}
