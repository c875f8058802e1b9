/** A hub in a process of its own (tests/hub-emulator), over a folder that the test fills. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** See tests/hub-emulator/faults.mjs. */
export interface Fault {
  on: 'api' | 'resolve' | 'files' | 'any';
  kind: string;
  status?: number;
  headers?: Record<string, string>;
  bytes?: number;
  ms?: number;
  to?: string;
}

interface LoggedRequest {
  origin: 'hub' | 'files';
  method: string;
  url: string;
  range?: string;
  authorization?: string;
  bytes: number;
}

export interface Hub {
  /** Origins of the hub itself and of its large files. */
  endpoint: string;
  files: string;
  /** `org/name/...` of the repositories. */
  folder: string;
  /** Writes a file of a repository. */
  put(path: string, content: string | Uint8Array): Promise<void>;
  faults(...list: Fault[]): Promise<void>;
  /** Requests since the last time. */
  takeLog(): Promise<LoggedRequest[]>;
  expireLinks(): Promise<void>;
  close(): Promise<void>;
}

const program = fileURLToPath(new URL('../../../../tests/hub-emulator/main.mjs', import.meta.url));

/** The tokens of an account that may read everything, and of one that was not let in. */
export const member = 'hf_member';
export const outsider = 'hf_outsider';

export async function startHub({ pageSize = 50 }: { pageSize?: number } = {}): Promise<Hub> {
  const folder = await mkdtemp(join(tmpdir(), 'alphalora-hub-'));
  const child = spawn(process.execPath, [program, folder, '--page', String(pageSize)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { endpoint, files } = JSON.parse(await firstLine(child)) as Pick<Hub, 'endpoint' | 'files'>;
  const control = async (method: string, name: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${endpoint}/_emulator/${name}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return answer.json();
  };
  return {
    endpoint,
    files,
    folder,
    async put(path, content) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    },
    async faults(...list) {
      await control('PUT', 'faults', list);
    },
    async takeLog() {
      const { log } = (await control('GET', 'log')) as { log: LoggedRequest[] };
      await control('DELETE', 'log');
      return log;
    },
    async expireLinks() {
      await control('POST', 'expire');
    },
    async close() {
      child.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout!.on('data', (data) => {
      text += data;
      if (text.includes('\n')) resolve(text);
    });
    child.on('exit', (code) => reject(new Error(`the emulator ended with ${code}`)));
  });
}
