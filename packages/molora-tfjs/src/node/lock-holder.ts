/**
 * Who holds a lock, and whether that process still runs.
 *
 * Numbers of processes are used again. On Linux, a process is told from a later one of the same number
 * by when it started, in ticks since the machine did, together with the identity of that start of the
 * machine (proc(5): `starttime`, `boot_id`); and processes of another container, which may have the
 * same host name, by their namespace. Elsewhere a process with the number counts as the holder.
 */
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { isAlive } from '@alphalora/checkpoint/node';
import * as v from 'valibot';

export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Since the machine started, in clock ticks. */
  readonly started?: string | undefined;
  /** Of the start of the machine. */
  readonly boot?: string | undefined;
  /** Of the numbers of processes. */
  readonly namespace?: string | undefined;
}

const schema: v.GenericSchema<Holder> = v.object({
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  host: v.string(),
  started: v.optional(v.string()),
  boot: v.optional(v.string()),
  namespace: v.optional(v.string()),
});

export async function thisProcess(): Promise<Holder> {
  const [started, boot, namespace] = await Promise.all([
    statusOf(process.pid).then((status) => status?.started),
    absent(readFile('/proc/sys/kernel/random/boot_id', 'utf8')),
    absent(readlink('/proc/self/ns/pid')),
  ]);
  return {
    pid: process.pid,
    host: hostname(),
    ...(started && { started }),
    ...(boot && { boot: boot.trim() }),
    ...(namespace && { namespace }),
  };
}

/** @returns undefined for what no process has written to its end */
export function parseHolder(text: string): Holder | undefined {
  try {
    return v.parse(schema, JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** `elsewhere`: on another machine or in another container, where its processes cannot be seen. */
export async function holderOf(holder: Holder): Promise<'running' | 'gone' | 'elsewhere'> {
  const here = await thisProcess();
  if (holder.host !== here.host) return 'elsewhere';
  const differs = (key: 'boot' | 'namespace'): boolean =>
    holder[key] !== undefined && here[key] !== undefined && holder[key] !== here[key];
  if (differs('boot')) return 'gone';
  if (differs('namespace')) return 'elsewhere';
  if (!isAlive(holder.pid)) return 'gone';
  if (holder.started === undefined) return 'running';
  const status = await statusOf(holder.pid);
  // A zombie has ended, and waits for its parent to ask how.
  const ended = !status || status.state === 'Z' || status.state === 'X';
  return ended || status.started !== holder.started ? 'gone' : 'running';
}

/** By proc(5); the name in parentheses may itself have spaces and parentheses. */
async function statusOf(pid: number): Promise<{ state: string; started: string } | undefined> {
  const text = await absent(readFile(`/proc/${pid}/stat`, 'utf8'));
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, started] = [fields?.[0], fields?.[19]];
  return state !== undefined && started !== undefined ? { state, started } : undefined;
}

/** What only some systems have. */
async function absent(reading: Promise<string>): Promise<string | undefined> {
  return reading.catch(() => undefined);
}
