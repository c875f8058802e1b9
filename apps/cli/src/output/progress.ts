/** One line that says how far an analysis or a download is; only on a terminal. */
import type { Downloading } from '@alphalora/checkpoint/node';
import type { AnalysisProgress } from '@alphalora/htsr-core';
import type { Output } from '../io.js';
import { printable } from './printable.js';

const REDRAW_MS = 100;
/** Below this share the speed is not known well enough for a forecast. */
const FORECAST_FROM = 0.02;

/** What a terminal shows of something that goes on; nothing where the output is no terminal. */
export interface StatusLine<Report extends unknown[]> {
  update(...report: Report): void;
  clear(): void;
}

/** @param parts what the line says of a report; undefined where it is not worth a redraw */
export function statusLine<Report extends unknown[]>(
  output: Output,
  parts: (...report: Report) => readonly string[] | undefined,
): StatusLine<Report> {
  if (!output.isTTY) return { update() {}, clear() {} };
  return {
    update(...report) {
      const text = parts(...report)?.join('  ');
      if (text !== undefined)
        output.write(`\r\x1b[K${printable(text).slice(0, (output.columns ?? 80) - 1)}`);
    },
    clear() {
      output.write('\r\x1b[K');
    },
  };
}

/** @param now milliseconds of a steady clock */
export function downloadLine(
  output: Output,
  now: () => number = () => performance.now(),
): StatusLine<[Downloading]> {
  let current = '';
  let started = 0;
  let first = 0;
  return statusLine(output, ({ file, done, total }) => {
    if (file !== current) {
      current = file;
      started = now();
      // What an earlier attempt has brought took no time.
      first = done;
    }
    const seconds = (now() - started) / 1000;
    return [
      `downloading ${file}`,
      `${bytes(done)} of ${bytes(total)}`,
      ...(done > first ? [`${duration((seconds * (total - done)) / (done - first))} left`] : []),
    ];
  });
}

/**
 * Of a report: `found` are the operations among those done whose results were found, not computed;
 * `received` the bytes that came over the network.
 *
 * @param now milliseconds of a steady clock
 */
export function progressLine(
  output: Output,
  now: () => number = () => performance.now(),
): StatusLine<[progress: AnalysisProgress, found: number, received?: number]> {
  const started = now();
  let drawn = Number.NEGATIVE_INFINITY;
  return statusLine(output, ({ done, total, finished, count, name }, found, received = 0) => {
    const time = now();
    if (time - drawn < REDRAW_MS && finished < count) return undefined;
    drawn = time;
    const share = total > 0 ? done / total : 1;
    // What was found took no time, so it must not make the rest look quick.
    const computed = (done - found) / total;
    const left = (((time - started) / 1000) * (total - done)) / (done - found);
    return [
      `${Math.floor(100 * share)} %`.padStart(5),
      `${finished}/${count} matrices`,
      ...(received > 0 ? [`${bytes(received)} received`] : []),
      ...(computed >= FORECAST_FROM ? [`${duration(left)} left`] : []),
      name,
    ];
  });
}

/** `0.4 MB`, `812 MB` or `13.5 GB`, in powers of ten. */
export function bytes(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} GB`;
  return `${(count / 1e6).toFixed(count < 1e7 ? 1 : 0)} MB`;
}

/** `8 s`, `3:05` or `2:10:00`. @param seconds any non-negative number */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}
