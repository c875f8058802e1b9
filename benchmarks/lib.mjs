/** What the benchmarks share: seeded matrices, peers, medians, the machine. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';

/** The interpreter of the peers: by default where Debian installs torch and numpy. */
export const python = process.env.PYTHON ?? '/usr/bin/python3';

/**
 * A program that says a line of JSON about itself, and then answers a line of JSON with a line of JSON;
 * undefined if it cannot start.
 *
 * @param env beside the environment of this process
 */
export async function startPeer(command, args, env = {}) {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, ...env },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((resolve) => {
    child.once('error', () => resolve({ done: true }));
  });
  const next = async () => {
    const { value, done } = await Promise.race([lines.next(), ended]);
    return done ? undefined : JSON.parse(value);
  };
  const about = await next();
  if (!about) return undefined;
  return {
    about,
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const answer = await next();
      if (!answer) throw new Error(`${command} ${args.join(' ')} ended`);
      return answer;
    },
    stop: () => child.kill(),
  };
}

/**
 * The most memory that this process has taken, in bytes. On Linux, where `maxRSS` begins with that of the
 * process that started this one, as the kernel counts it for the process itself.
 */
export function peakBytes() {
  const kibibytes =
    process.platform === 'linux'
      ? Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1])
      : process.resourceUsage().maxRSS;
  return kibibytes * 1024;
}

/** Seeded uniform numbers in [0, 1): mulberry32. */
export function uniform(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Gaussian entries; `heavy` scales each row by a Pareto factor, which gives the spectrum a heavy tail. */
export function fillMatrix(values, columns, kind, random) {
  for (let start = 0; start < values.length; start += columns) {
    const scale = kind === 'heavy' ? (1 - random()) ** -0.4 : 1;
    for (let j = start; j < start + columns; j++) {
      const radius = Math.sqrt(-2 * Math.log(1 - random()));
      values[j] = scale * radius * Math.cos(2 * Math.PI * random());
    }
  }
}

export function median(list) {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
}

export function machine() {
  return { processor: cpus()[0].model, cores: cpus().length, node: process.version };
}
