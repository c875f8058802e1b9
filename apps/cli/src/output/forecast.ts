/** What an analysis will be, in words. */
import type { Forecast, ForecastMatrix } from '@alphalora/measuring';
import { type Column, count, grouped, left, shape, table, whole } from '@alphalora/report/text';
import { bytes, span } from './amounts.js';
import { printable } from './printable.js';

/** A row for matrices whose names differ in numbers only, the largest work first; then everything in a few lines. */
export function forecastText(forecast: Forecast): string {
  const columns: Column[] = [
    left('matrices'),
    { title: 'count' },
    left('shape'),
    { title: 'Gflop' },
  ];
  const shapeOf = (matrix: ForecastMatrix): string => shape(matrix.shape);
  const rows = grouped(forecast.matrices, shapeOf).map(({ name, items }) => [
    name,
    whole(items.length),
    shapeOf(items[0]!),
    gflop(items.reduce((sum, { operations }) => sum + operations, 0)),
  ]);
  const list = rows.length > 0 ? `${table(columns, rows)}\n` : '';
  return list + summaryOfForecast(forecast) + skippedText(forecast);
}

/** `210 matrices, 97.4 Gflop: about 9 to 13 s with 2 threads, about 210 MB of memory` */
export function summaryOfForecast(forecast: Forecast): string {
  const { matrices, operations, seconds, threads, memory } = forecast;
  if (matrices.length === 0) return 'no matrices to measure\n';
  return (
    `${count(matrices.length, 'matrix', 'matrices')}, ${gflop(operations)} Gflop: ` +
    `${span(seconds)} with ${count(threads, 'thread')}, ` +
    `about ${bytes(memory)} of memory${cachedText(matrices)}\n`
  );
}

/** What the forecast of the time does without, because it is in the cache. */
function cachedText(matrices: readonly ForecastMatrix[]): string {
  const known = matrices.filter(({ cached }) => cached).length;
  if (known === 0) return '';
  return `; the spectra of ${known === matrices.length ? 'all' : whole(known)} are in the cache`;
}

function skippedText({ skipped }: Forecast): string {
  const reasons = skipped.map(({ reason, count }) => `${whole(count)} × ${printable(reason)}`);
  return reasons.length > 0 ? `skipped: ${reasons.join('; ')}\n` : '';
}

function gflop(operations: number): string {
  const value = operations / 1e9;
  return value >= 100 ? whole(value) : value.toFixed(value < 10 ? 2 : 1);
}
