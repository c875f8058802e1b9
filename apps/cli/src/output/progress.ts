/** One line that says how far an analysis or a download is; only on a terminal. */
import type { Downloading } from '@alphalora/checkpoint/node';
import type { AnalysisProgress } from '@alphalora/htsr-core';
import type { Output } from '../io.js';

const REDRAW_MS = 100;
/** Below this share the speed is not known well enough for a forecast. */
const FORECAST_FROM = 0.02;

export interface ProgressLine {
  /**
   * @param found operations among those done whose results were found, not computed
   * @param received bytes that came over the network
   */
  update(progress: AnalysisProgress, found: number, received?: number): void;
  clear(): void;
}

export interface DownloadLine {
  update(progress: Downloading): void;
  clear(): void;
}

/** @param now milliseconds of a steady clock */
export function downloadLine(
  output: Output,
  now: () => number = () => performance.now(),
): DownloadLine {
  if (!output.isTTY) return { update() {}, clear() {} };
  let current = '';
  let started = 0;
  let first = 0;
  return {
    update({ file, done, total }) {
      if (file !== current) {
        current = file;
        started = now();
        // What an earlier attempt has brought took no time.
        first = done;
      }
      const seconds = (now() - started) / 1000;
      const parts = [
        `downloading ${file}`,
        `${bytes(done)} of ${bytes(total)}`,
        ...(done > first ? [`${duration((seconds * (total - done)) / (done - first))} left`] : []),
      ];
      draw(output, parts);
    },
    clear() {
      output.write('\r\x1b[K');
    },
  };
}

/** @param now milliseconds of a steady clock */
export function progressLine(
  output: Output,
  now: () => number = () => performance.now(),
): ProgressLine {
  if (!output.isTTY) return { update() {}, clear() {} };
  const started = now();
  let drawn = Number.NEGATIVE_INFINITY;
  return {
    update({ done, total, finished, count, name }, found, received = 0) {
      const time = now();
      if (time - drawn < REDRAW_MS && finished < count) return;
      drawn = time;
      const share = total > 0 ? done / total : 1;
      // What was found took no time, so it must not make the rest look quick.
      const computed = (done - found) / total;
      const left = (((time - started) / 1000) * (total - done)) / (done - found);
      const parts = [
        `${Math.floor(100 * share)} %`.padStart(5),
        `${finished}/${count} matrices`,
        ...(received > 0 ? [`${bytes(received)} received`] : []),
        ...(computed >= FORECAST_FROM ? [`${duration(left)} left`] : []),
        name,
      ];
      draw(output, parts);
    },
    clear() {
      output.write('\r\x1b[K');
    },
  };
}

function draw(output: Output, parts: readonly string[]): void {
  output.write(`\r\x1b[K${parts.join('  ').slice(0, (output.columns ?? 80) - 1)}`);
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
