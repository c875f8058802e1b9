/** How far an analysis or a download is, in one line. */
import type { Downloading } from '@alphalora/checkpoint/node';
import type { ModelProgress } from '@alphalora/measuring';
import type { Output } from '../io.js';
import { bytes, duration } from './amounts.js';
import { printable } from './printable.js';

/** Milliseconds between two states of the line, and between two lines where there is no terminal. */
const REDRAW_MS = 100;
const LINE_MS = 30_000;

/** What is shown of something that goes on: one line that changes on a terminal, a line now and then elsewhere. */
export interface StatusLine<Report extends unknown[]> {
  update(...report: Report): void;
  clear(): void;
}

/**
 * @param parts what the line says of a report
 * @param now milliseconds of a steady clock
 */
export function statusLine<Report extends unknown[]>(
  output: Output,
  parts: (...report: Report) => readonly string[],
  now: () => number = () => performance.now(),
): StatusLine<Report> {
  const { isTTY = false } = output;
  let next = isTTY ? Number.NEGATIVE_INFINITY : now() + LINE_MS;
  return {
    update(...report) {
      const time = now();
      if (time < next) return;
      next = time + (isTTY ? REDRAW_MS : LINE_MS);
      const text = printable(parts(...report).join('  '));
      output.write(isTTY ? `${CLEAR}${fitting(text, output)}` : `${text}\n`);
    },
    clear() {
      if (isTTY) output.write(CLEAR);
    },
  };
}

const CLEAR = '\r\x1b[K';

/** Columns that are left free: for the cursor, and for the ^C that a terminal writes behind it. */
const MARGIN = 3;

/** What the terminal has room for, with its bar in color. */
function fitting(text: string, output: Output): string {
  const shown = text.slice(0, Math.max(0, (output.columns ?? 80) - MARGIN));
  return output.hasColors?.() ? shown.replace(/█+/, '\x1b[36m$&\x1b[39m') : shown;
}

/** @param now milliseconds of a steady clock */
export function downloadLine(
  output: Output,
  now: () => number = () => performance.now(),
): StatusLine<[Downloading]> {
  let current = '';
  let started = 0;
  let first = 0;
  const parts = ({ file, done, total }: Downloading): string[] => {
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
  };
  return statusLine(output, parts, now);
}

/** How much of a merged model is written. */
export function mergeProgress(output: Output): StatusLine<[{ done: number; total: number }]> {
  return statusLine(output, ({ done, total }) => [`wrote ${bytes(done)} of ${bytes(total)}`]);
}

/** What a progress says of an analysis. */
type Analyzed = Pick<
  ModelProgress,
  'done' | 'total' | 'finished' | 'count' | 'name' | 'received' | 'secondsLeft' | 'estimated'
>;

/** Characters of a bar, and the terminal's width from which on there is room for one. */
const BAR = 20;
const BAR_FROM = 70;

export function progressLine(output: Output, now?: () => number): StatusLine<[Analyzed]> {
  // Of several that are measured at once, the line names one until the next is finished.
  let shown = { finished: -1, name: '' };
  return statusLine(
    output,
    ({ done, total, finished, count, name, received, secondsLeft, estimated }) => {
      if (finished !== shown.finished) shown = { finished, name };
      const share = total > 0 ? Math.min(1, done / total) : 1;
      const hasBar = output.isTTY && (output.columns ?? 80) >= BAR_FROM;
      return [
        ...(hasBar ? [bar(share)] : []),
        `${estimated ? 'about ' : ''}${Math.floor(100 * share)} %`.padStart(hasBar ? 5 : 0),
        `${String(finished).padStart(String(count).length)}/${count} matrices`,
        ...(received > 0 ? [`${bytes(received)} received`] : []),
        ...(secondsLeft === undefined ? [] : [`${duration(secondsLeft)} left`]),
        shown.name,
      ];
    },
    now,
  );
}

function bar(share: number): string {
  const full = Math.floor(BAR * share);
  return '█'.repeat(full) + '░'.repeat(BAR - full);
}
