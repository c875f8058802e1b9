/**
 * A mapping as YAML, below comments that say what it could not express. Readers such as PyYAML speak
 * YAML 1.1, where more characters end a line than in 1.2, and refuse controls even in comments.
 */
import { escapedData, printable } from '@alphalora/documents';
import { Document, Scalar, visit } from 'yaml';

export function yamlOf(
  content: Readonly<Record<string, unknown>>,
  notes: readonly string[],
): string {
  // Aliases, for the pattern that is written twice, are more than some readers know.
  const document = new Document(content, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      const { value } = node;
      // Only between double quotes there are escapes.
      if (typeof value === 'string' && printable(value) !== value) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  const lines = notes.map((note) => ` ${printable(note)}`);
  if (lines.length > 0) document.commentBefore = lines.join('\n');
  // Unfolded: names stay on their lines.
  const text = document.toString({
    lineWidth: 0,
    doubleQuotedMinMultiLineLength: Number.POSITIVE_INFINITY,
  });
  return escapedData(text);
}
