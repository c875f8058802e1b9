/**
 * Processes that write to folders which others share: what tells one from all others, and whether it
 * still runs.
 *
 * Numbers of processes are used again. On Linux, a process is told from a later one of the same number
 * by when it started, in ticks since the machine did, together with the identity of that start of the
 * machine (proc(5): `starttime`, `boot_id`); and processes of another container, which may have the
 * same host name, by their namespace. Elsewhere a process with the number counts as the same.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Where a process number means the same process: one start of one machine, and there one namespace. */
interface Machine {
  readonly host: string;
  /** Of the start of the machine. */
  readonly boot?: string | undefined;
  /** Of the numbers of processes. */
  readonly namespace?: string | undefined;
}

export interface ProcessIdentity extends Machine {
  readonly pid: number;
  /** Since the machine started, in clock ticks. */
  readonly started?: string | undefined;
}

let machine: Machine | undefined;

export function thisMachine(): Machine {
  if (machine) return machine;
  const boot = ifKnown(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const namespace = ifKnown(() => readlinkSync('/proc/self/ns/pid'));
  machine = { host: hostname(), ...(boot && { boot }), ...(namespace && { namespace }) };
  return machine;
}

export function thisProcess(): ProcessIdentity {
  const started = statusOf(process.pid)?.started;
  return { pid: process.pid, ...thisMachine(), ...(started && { started }) };
}

/** `elsewhere`: on another machine or in another container, where its processes cannot be seen. */
export function stateOfProcess(other: ProcessIdentity): 'running' | 'gone' | 'elsewhere' {
  const here = thisMachine();
  if (other.host !== here.host) return 'elsewhere';
  const differs = (key: 'boot' | 'namespace'): boolean =>
    other[key] !== undefined && here[key] !== undefined && other[key] !== here[key];
  if (differs('boot')) return 'gone';
  if (differs('namespace')) return 'elsewhere';
  if (!isAlive(other.pid)) return 'gone';
  if (other.started === undefined) return 'running';
  const status = statusOf(other.pid);
  // A zombie has ended, and waits for its parent to ask how.
  const ended = !status || status.state === 'Z' || status.state === 'X';
  return ended || status.started !== other.started ? 'gone' : 'running';
}

/** Whether a process of this machine has the number, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** By proc(5); the name in parentheses may itself have spaces and parentheses. */
function statusOf(pid: number): { state: string; started: string } | undefined {
  const text = ifKnown(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, started] = [fields?.[0], fields?.[19]];
  return state !== undefined && started !== undefined ? { state, started } : undefined;
}

/** What only some systems have. */
function ifKnown(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
