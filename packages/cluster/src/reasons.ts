/** Why jobs fail, where BullMQ says it in its own terms. */

/** How often a job may lose its worker before it counts as what ends workers: with the first, three. */
export const MAX_TAKEOVERS = 2;

/** Characters of a reason that are kept. */
const MAX_LENGTH = 1000;

/** The reason as one line for a terminal or a document, whatever the server holds in its place. */
export function reasonInWords(reason: unknown): string {
  const line = String(reason ?? '')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, MAX_LENGTH);
  if (line === '') return 'failed without a reason';
  if (!/stalled more than allowable limit/.test(line)) return line;
  return (
    `${MAX_TAKEOVERS + 1} workers died or fell silent while they measured it: ` +
    'too little memory is the usual cause'
  );
}
