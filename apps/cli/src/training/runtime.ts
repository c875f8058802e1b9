/**
 * TensorFlow.js and the package that trains with it: installed by those who train, and loaded by the
 * commands that need them.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { Io } from '../io.js';
import { type ImportPackage, type StartedBackend, startBackend } from './backends.js';

export interface Runtime {
  molora: typeof import('@alphalora/molora-tfjs/decoder') &
    typeof import('@alphalora/molora-tfjs/encoder') &
    typeof import('@alphalora/molora-tfjs/node');
  tf: typeof import('@tensorflow/tfjs');
  backend: StartedBackend;
}

interface BackendOptions {
  backend?: string;
}

/** @throws AlphaLoraError `INVALID_OPTION` saying what to install, or why the backend does not start */
export async function startRuntime(
  { backend: wanted }: BackendOptions,
  { stderr }: Pick<Io, 'stderr'>,
  importPackage: ImportPackage = (name) => import(name),
): Promise<Runtime> {
  const load = async <Module>(name: string): Promise<Module> => {
    try {
      return (await importPackage(name)) as Module;
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      const missing = /Cannot find package '([^']+)'/.exec(message)?.[1];
      if (code !== 'ERR_MODULE_NOT_FOUND' || missing === undefined) throw cause;
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `${missing} is not installed, which training needs: npm install @alphalora/molora-tfjs ` +
          '@tensorflow/tfjs @tensorflow/tfjs-backend-wasm (with --global where alphalora is)',
        { cause },
      );
    }
  };
  const tf = await load<Runtime['tf']>('@tensorflow/tfjs');
  // Its greeting recommends another backend on stderr; which one runs is said here.
  tf.env().set('PROD', true);
  const molora = {
    ...(await load<typeof import('@alphalora/molora-tfjs/decoder')>(
      '@alphalora/molora-tfjs/decoder',
    )),
    ...(await load<typeof import('@alphalora/molora-tfjs/encoder')>(
      '@alphalora/molora-tfjs/encoder',
    )),
    ...(await load<typeof import('@alphalora/molora-tfjs/node')>('@alphalora/molora-tfjs/node')),
  };
  const backend = await startBackend(tf, wanted, importPackage);
  stderr.write(backendText(backend));
  return { molora, tf, backend };
}

/**
 * One line: what is not installed by its names, and in full only why an installed one does not start.
 * For a backend that is asked for by name, the error says what to install.
 */
function backendText({ name, passedOver }: StartedBackend): string {
  const [absent, broken] = [true, false].map((missing) =>
    passedOver.filter(({ reason }) => reason.includes('is not installed') === missing),
  );
  const faults = broken!.map((other) => `; ${other.name} cannot be used: ${other.reason}`).join('');
  const names = absent!.map((other) => other.name).join(', ');
  const hint = names && `; faster ones are not installed: ${names}`;
  return `backend: ${name}${hint}${faults}\n`;
}
