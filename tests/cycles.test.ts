/** No two files import one another in a circle, types included: each can be read without the other. */
import { describe, expect, it } from 'vitest';
import { importCircles } from './lib/circles.js';
import { sourceFiles, workspacePackages } from './lib/workspace.js';

describe('files', () => {
  it('import one another in no circle', () => {
    const circles = workspacePackages().flatMap(({ folder }) =>
      importCircles(sourceFiles(folder)).map((files) => files.map((file) => `${folder}/${file}`)),
    );
    expect(circles).toEqual([]);
  });
});

describe('the check itself', () => {
  const circlesOf = (files: Record<string, string>): string[][] =>
    importCircles(Object.entries(files).map(([path, text]) => ({ path, text })));

  it('sees imports, exports, types and modules that are loaded later', () => {
    for (const first of [
      `import { b } from './b.js';`,
      `export * from './b.js';`,
      `import type { B } from './b.js';`,
      `await import('./b.js');`,
      `type B = import('./b.js').B;`,
    ]) {
      const files = { 'src/a.ts': first, 'src/b.ts': `import './c/d.js';` };
      expect(circlesOf({ ...files, 'src/c/d.ts': `import '../a.js';` }), first).toEqual([
        ['src/a.ts', 'src/b.ts', 'src/c/d.ts'],
      ]);
    }
  });

  it('tells circles apart, and finds none where two ways lead to one file', () => {
    const diamond = {
      'src/a.ts': `import './b.js'; import './c.js';`,
      'src/b.ts': `import './d.js';`,
      'src/c.ts': `import './d.js'; import './d.js'; import 'd';`,
    };
    expect(circlesOf({ ...diamond, 'src/d.ts': '' })).toEqual([]);
    expect(circlesOf({ ...diamond, 'src/d.ts': `import './c.js'; import './d.js';` })).toEqual([
      ['src/c.ts', 'src/d.ts'],
    ]);
    const pair = {
      'src/e.ts': `import './f.js'; import './a.js';`,
      'src/f.ts': `import './e.js';`,
    };
    expect(circlesOf({ ...diamond, 'src/d.ts': `import './d.js';`, ...pair })).toEqual([
      ['src/d.ts'],
      ['src/e.ts', 'src/f.ts'],
    ]);
  });
});
