/** What the program and its worker say to each other about code of others: plain data. */
import type { MessagePort } from 'node:worker_threads';
import type { AllocationJob } from '@alphalora/allocator';
import type { Check } from '@alphalora/allocator/testing';
import type { Allocation } from '@alphalora/contracts';
import type { PackedError } from './errors.js';
import type { ExtensionKind } from './kinds.js';
import type { Extension } from './load-extension.js';
import type { PolicyInfo, PolicyJob } from './open-policy.js';

/** What the worker is started with. */
export interface WorkerSettings {
  /** A port of our own: policies may use the thread's for themselves. */
  port: MessagePort;
  /** References of the command line are resolved from there. */
  folder: string;
  /** The configuration's absolute path. */
  configuration?: string;
}

/** A policy in the worker, by its place among those opened. */
export interface Opened {
  key: number;
  info: PolicyInfo;
}

/** What the worker does when it is asked. */
export interface Calls {
  configure(): Promise<{ policy?: string; set?: Record<string, unknown> }>;
  list(): Promise<PolicyInfo[]>;
  open(reference: string): Promise<Opened>;
  defaults(key: number): Promise<Record<string, unknown>>;
  allocate(key: number, job: PolicyJob): Promise<Allocation>;
  verify(key: number, job: AllocationJob): Promise<void>;
  check(
    key: number,
    settings: { options?: Record<string, unknown>; seed?: number; timeout: number },
  ): Promise<Check[]>;
  /** Things of these kinds that the configuration names: loaded once here, where a hang has an end. */
  extensions(kinds: readonly ExtensionKind[]): Promise<Extension[]>;
  /** One that the command line refers to. */
  extension(kind: ExtensionKind, reference: string): Promise<Extension>;
}

export interface Request {
  call: keyof Calls;
  args: unknown[];
}

/** What foreign code is about to run; the time for it counts from here. */
export interface Phase {
  /** `policy squared`, `policy ./mine.js`, `configuration alphalora.config.js`. */
  subject: string;
  loading: boolean;
}

export type Reply = { phase: Phase } | { result: unknown } | { failure: PackedError };
