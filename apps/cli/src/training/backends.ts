/**
 * The backends of TensorFlow.js: which there are, how each is started, and what to say where one is
 * not installed. All of them are optional; nothing here is loaded before a command trains.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { AlphaLoraError } from '@alphalora/contracts';

export const backendNames = ['cpu', 'wasm', 'node', 'node-gpu', 'webgpu'] as const;
type BackendName = (typeof backendNames)[number];

/** What is needed of TensorFlow.js to choose a backend. */
export interface BackendSwitch {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  getBackend(): string;
}

/** Loads a package by its name; tests pass their own. */
export type ImportPackage = (name: string) => Promise<unknown>;

/** What is needed of `navigator.gpu`. */
interface WebGpu {
  requestAdapter(): Promise<object | null>;
}

interface BackendPackage {
  /** Absent where TensorFlow.js has the backend itself. */
  package?: string;
  /** Under which TensorFlow.js registers it. */
  registered: string;
  before?(): Promise<void>;
  after?(loaded: unknown): void;
}

const packages: Readonly<Record<BackendName, BackendPackage>> = {
  cpu: { registered: 'cpu' },
  wasm: {
    package: '@tensorflow/tfjs-backend-wasm',
    registered: 'wasm',
    after: (loaded) => {
      // Its files lie beside it; by itself it looks for them on the network.
      const { resolve } = createRequire(import.meta.url);
      const folder = dirname(resolve('@tensorflow/tfjs-backend-wasm'));
      (loaded as { setWasmPaths(folder: string): void }).setWasmPaths(`${folder}/`);
    },
  },
  node: { package: '@tensorflow/tfjs-node', registered: 'tensorflow', before: prepareTensorflow },
  'node-gpu': {
    package: '@tensorflow/tfjs-node-gpu',
    registered: 'tensorflow',
    before: prepareTensorflow,
  },
  webgpu: { package: '@tensorflow/tfjs-backend-webgpu', registered: 'webgpu' },
};

/** The native half of tfjs-node 4.22 in its package. */
export const BINDING: string = join('lib', 'napi-v8', 'tfjs_binding.node');

/** Fastest first; `webgpu` only where somebody asks for it, as Node has no WebGPU of its own. */
const preference: readonly BackendName[] = ['node-gpu', 'node', 'wasm', 'cpu'];

export interface StartedBackend {
  name: BackendName;
  /** Faster ones that could not be used, with the reason. */
  passedOver: Array<{ name: BackendName; reason: string }>;
}

/**
 * @param wanted one backend, or undefined for the fastest that there is
 * @throws AlphaLoraError `INVALID_OPTION` when the wanted one is unknown, not installed or does not
 *   start, with what to do
 */
export async function startBackend(
  tf: BackendSwitch,
  wanted: string | undefined,
  importPackage: ImportPackage = (name) => import(name),
): Promise<StartedBackend> {
  if (wanted !== undefined) {
    if (!isBackendName(wanted)) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `unknown backend "${wanted}": choose one of ${backendNames.join(', ')}`,
      );
    }
    const reason = await start(tf, wanted, importPackage);
    if (reason === undefined) return { name: wanted, passedOver: [] };
    throw new AlphaLoraError('INVALID_OPTION', `the backend ${wanted} cannot be used: ${reason}`, {
      details: { backend: wanted },
    });
  }
  const passedOver: StartedBackend['passedOver'] = [];
  for (const name of preference) {
    const reason = await start(tf, name, importPackage);
    if (reason === undefined) return { name, passedOver };
    passedOver.push({ name, reason });
  }
  throw new AlphaLoraError('ENGINE_FAILED', 'no backend of TensorFlow.js starts on this machine');
}

export interface InstalledBackend {
  name: BackendName;
  /** Whether a native library that it needs is there. */
  complete: boolean;
}

/** Backends whose packages are installed, by where they are found; nothing is loaded. */
export function installedBackends(): InstalledBackend[] {
  const { resolve } = createRequire(import.meta.url);
  return backendNames.flatMap((name) => {
    const needed = packages[name].package ?? '@tensorflow/tfjs';
    try {
      const folder = dirname(resolve(`${needed}/package.json`));
      const isNative = packages[name].registered === 'tensorflow';
      return [{ name, complete: !isNative || existsSync(join(folder, BINDING)) }];
    } catch {
      return [];
    }
  });
}

/** @returns why it does not start; undefined where it does */
async function start(
  tf: BackendSwitch,
  name: BackendName,
  importPackage: ImportPackage,
): Promise<string | undefined> {
  const { package: needed, registered, before, after } = packages[name];
  if (name === 'webgpu') {
    const { gpu } = (globalThis.navigator ?? {}) as { gpu?: WebGpu };
    if (!gpu)
      return 'this runtime has no WebGPU (navigator.gpu); use a browser, or another backend';
    if (!(await gpu.requestAdapter())) {
      return 'WebGPU finds no adapter, so no device to compute on; use another backend';
    }
  }
  if (needed !== undefined) {
    try {
      await before?.();
      const loaded = await importPackage(needed);
      after?.(loaded);
    } catch (error) {
      return reasonOf(needed, error);
    }
  }
  try {
    if (!(await tf.setBackend(registered))) return 'it does not start';
    await tf.ready();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return tf.getBackend() === registered ? undefined : `TensorFlow.js chose ${tf.getBackend()}`;
}

function reasonOf(needed: string, error: unknown): string {
  const { code, message = String(error) } = (error ?? {}) as { code?: string; message?: string };
  const [firstLine] = message.split('\n');
  if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${needed}'`)) {
    return `${needed} is not installed: npm install ${needed}`;
  }
  // Installed without its install script, which fetches the library, or for another machine.
  if (/tfjs_binding|libtensorflow|\.node\b/.test(message)) {
    const gpu = needed.endsWith('-gpu') ? ' --gpu' : '';
    return (
      `${needed} is installed without its native library (${firstLine}): npm rebuild ${needed} (with pnpm ` +
      `first approve-builds) downloads it; where that fails, run alphalora doctor --install-tensorflow${gpu}`
    );
  }
  return `${needed} does not load (${firstLine})`;
}

async function prepareTensorflow(): Promise<void> {
  const { prepareTfjsNode } = await import('@alphalora/molora-tfjs/tfjs-node');
  prepareTfjsNode();
}

function isBackendName(name: string): name is BackendName {
  return (backendNames as readonly string[]).includes(name);
}
