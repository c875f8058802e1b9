/** Why jobs fail, where BullMQ says it in its own terms. */

/** How often a job may lose its worker before it counts as what ends workers: with the first, three. */
export const MAX_TAKEOVERS = 2;

export function reasonInWords(reason: string): string {
  if (!/stalled more than allowable limit/.test(reason)) return reason;
  return (
    `${MAX_TAKEOVERS + 1} workers died or fell silent while they measured it: ` +
    'too little memory is the usual cause'
  );
}
