/** A mapping as YAML 1.2, below comments that say what it could not express. */
import { Document } from 'yaml';

export function yamlOf(
  content: Readonly<Record<string, unknown>>,
  notes: readonly string[],
): string {
  // Aliases, for the pattern that is written twice, are more than some readers know.
  const document = new Document(content, { aliasDuplicateObjects: false });
  if (notes.length > 0) document.commentBefore = notes.map((note) => ` ${note}`).join('\n');
  // Unfolded: names stay on their lines.
  return document.toString({ lineWidth: 0 });
}
