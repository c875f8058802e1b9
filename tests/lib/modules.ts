/** Reads import and export statements off the syntax tree, so that comments and strings do not count. */
import { parseSync, Visitor } from 'vite';

export interface ModuleImport {
  readonly specifier: string;
  /** Loaded while running (`import()`), not before. */
  readonly dynamic: boolean;
  /** Gone after compilation. */
  readonly typeOnly: boolean;
}

export interface ModuleExport {
  /** Absent for `export * from`. */
  readonly name?: string;
  readonly typeOnly: boolean;
  /** Where a re-export comes from. */
  readonly from?: string;
}

function parse(path: string, text: string): ReturnType<typeof parseSync> {
  const parsed = parseSync(path, text);
  if (parsed.errors.length > 0) throw new Error(`${path}: ${parsed.errors[0]!.message}`);
  return parsed;
}

/** Every module that a file names as a literal; a computed `import(name)` names none. */
export function importsOf(path: string, text: string): ModuleImport[] {
  const { module, program } = parse(path, text);
  const found: ModuleImport[] = [];
  for (const { moduleRequest, entries } of module.staticImports) {
    const typeOnly = entries.length > 0 && entries.every((entry) => entry.isType);
    found.push({ specifier: moduleRequest.value, dynamic: false, typeOnly });
  }
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest, isType } of entries)
      if (moduleRequest)
        found.push({ specifier: moduleRequest.value, dynamic: false, typeOnly: isType });
  }
  new Visitor({
    ImportExpression({ source }) {
      if (source.type === 'Literal' && typeof source.value === 'string')
        found.push({ specifier: source.value, dynamic: true, typeOnly: false });
    },
    TSImportType({ source }) {
      found.push({ specifier: source.value, dynamic: false, typeOnly: true });
    },
  }).visit(program);
  return found;
}

export function exportsOf(path: string, text: string): ModuleExport[] {
  return parse(path, text).module.staticExports.flatMap(({ entries }) =>
    entries.map(({ exportName, moduleRequest, isType }) => ({
      typeOnly: isType,
      ...(exportName.kind === 'None' ? {} : { name: exportName.name ?? 'default' }),
      ...(moduleRequest ? { from: moduleRequest.value } : {}),
    })),
  );
}
