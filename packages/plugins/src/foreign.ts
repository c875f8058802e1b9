/**
 * Policies and other things of others, and the configuration that names some: found and loaded, the
 * policies run too, where this module runs. That is the worker; it says through `enter` when it is about to run foreign code.
 */
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { policies, requireAllocatable, requirePolicy } from '@alphalora/allocator';
import { checkPolicy } from '@alphalora/allocator/testing';
import { AlphaLoraError, defined, isAlphaLoraError } from '@alphalora/contracts';
import { type Configuration, readConfiguration } from './configuration.js';
import { type ExtensionKind, kindInWords } from './kinds.js';
import { type Extension, type ExtensionPlace, loadThing } from './load-extension.js';
import { type AnyPolicy, allocateWith, defaultOptions, infoOf } from './policy.js';
import type { Calls, Opened, Phase } from './protocol.js';
import { importDefault, isPath, missingPackage, nearby } from './reference.js';

/** The longest there is: the program itself ends a wait that is too long, with one message. */
const NO_TIMEOUT = 2 ** 31 - 1;

export interface Surroundings {
  /** References of the command line are resolved from there. */
  folder: string;
  /** The configuration's absolute path. */
  configuration?: string | undefined;
  enter(phase: Phase): void;
}

export function createCalls({ folder, configuration: file, enter }: Surroundings): Calls {
  /** With the reference that leads to it, where it has one: a package, or a path. */
  const loaded: Array<{ policy: AnyPolicy; reference?: string }> = [];
  let reading: Promise<Configuration> | undefined;
  let loading: Promise<Opened[]> | undefined;

  return {
    async configure() {
      const { policy, set } = await configuration();
      const path = policy !== undefined && isPath(policy, configured());
      return {
        ...(policy !== undefined && { policy: path ? resolve(configured(), policy) : policy }),
        ...(set && { set }),
      };
    },
    list: async () => (await configuredPolicies()).map(({ info }) => info),
    open,
    async defaults(key) {
      const policy = asked(key);
      return plain(await defaultOptions(policy), policy);
    },
    async allocate(key, job) {
      const policy = asked(key);
      const made = await allocateWith(job, { policy, timeout: NO_TIMEOUT });
      const { reference: from } = loaded[key]!;
      return plain({ ...made, policy: { ...made.policy, ...(from && { from }) } }, policy);
    },
    verify: (key, job) => requireAllocatable({ ...job, policy: asked(key), timeout: NO_TIMEOUT }),
    check: (key, settings) => checkPolicy(asked(key), settings),
    async extensions(kinds) {
      const { extensions } = await configuration();
      const found: Extension[] = [];
      for (const kind of kinds) {
        for (const [index, entry] of (extensions[kind] ?? []).entries()) {
          const place =
            typeof entry === 'string'
              ? { reference: entry, folder: configured() }
              : { configuration: file!, index };
          found.push(await tried(kind, place).catch(blameConfiguration));
        }
      }
      return found;
    },
    extension: (kind, reference) => tried(kind, { reference, folder }),
  };

  async function tried(kind: ExtensionKind, place: ExtensionPlace): Promise<Extension> {
    const which = 'reference' in place ? place.reference : place.configuration;
    enter({ subject: `${kindInWords(kind)} ${which}`, loading: true });
    const { name } = await loadThing(kind, place);
    return { kind, name, place };
  }

  function configured(): string {
    return file === undefined ? folder : dirname(file);
  }

  function configuration(): Promise<Configuration> {
    if (file === undefined) return Promise.resolve({ policies: [], extensions: {} });
    enter({ subject: `configuration ${file}`, loading: true });
    reading ??= readConfiguration(file);
    return reading;
  }

  function configuredPolicies(): Promise<Opened[]> {
    loading ??= loadConfigured();
    return loading;
  }

  async function loadConfigured(): Promise<Opened[]> {
    const found: Opened[] = [];
    for (const [i, entry] of (await configuration()).policies.entries()) {
      const opened =
        typeof entry === 'string'
          ? await load(entry, configured()).catch(blameConfiguration)
          : keep(entry, `configuration ${file}: policies[${i}]`, { from: shown(file!) });
      const { name, from } = opened.info;
      const other = policies.has(name)
        ? 'a built-in one'
        : found.find(({ info }) => info.name === name)?.info.from;
      if (other !== undefined) {
        throw new AlphaLoraError(
          'INVALID_OPTION',
          `configuration ${file}: policy ${name} (${from}) has the name of another: ${other}`,
          { details: { policy: name } },
        );
      }
      found.push(opened);
    }
    return found;
  }

  function blameConfiguration(error: unknown): never {
    if (!isAlphaLoraError(error, 'INVALID_OPTION') || error.message.startsWith('configuration ')) {
      throw error;
    }
    const { message, details, cause } = error;
    throw new AlphaLoraError('INVALID_OPTION', `configuration ${file}: ${message}`, {
      details,
      cause,
    });
  }

  async function open(reference: string): Promise<Opened> {
    const { policy: preferred } = await configuration();
    const isWord = /^[a-z0-9-]+$/.test(reference);
    const known = isWord ? await configuredPolicies() : [];
    const named = known.find(({ info }) => info.name === reference);
    if (named) return named;
    try {
      return await load(reference, reference === preferred ? configured() : folder);
    } catch (error) {
      if (!isWord || !isAlphaLoraError(error) || error.details[missingPackage] === undefined) {
        throw error;
      }
      // More likely a misspelt name than a package.
      const reason = await policies.load(reference).catch((cause: Error) => cause.message);
      const own = known.map(({ info }) => info.name).join(', ');
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `${reason}${own && `; the configuration has ${own}`}; no package ${reference} can be ` +
          `found from ${folder} either${nearby({ reference, folder })}`,
        { details: error.details },
      );
    }
  }

  async function load(reference: string, from: string): Promise<Opened> {
    const subject = `policy ${reference}`;
    enter({ subject, loading: true });
    const value = await importDefault({ what: subject, reference, folder: from });
    const own = isPath(reference, from) ? shown(resolve(from, reference)) : reference;
    return keep(value, `${subject}, its default export`, { from: own, reference: own });
  }

  /** A path as the user could write it here, so that it is none of a package or a name. */
  function shown(path: string): string {
    const way = relative(folder, path).replaceAll(sep, '/');
    if (way === '') return '.';
    return isAbsolute(way) || way.startsWith('..') ? way : `./${way}`;
  }

  function keep(
    value: unknown,
    what: string,
    { from, reference }: { from: string; reference?: string },
  ): Opened {
    try {
      requirePolicy(value);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new AlphaLoraError('INVALID_OPTION', `${what}: ${reason}`, { cause });
    }
    const info = infoOf(value, from);
    const key = loaded.push({ policy: value, ...defined({ reference }) }) - 1;
    return { key, info };
  }

  /** The policy, saying so each time before it is asked. */
  function asked(key: number): AnyPolicy {
    const { policy } = loaded[key]!;
    const { name, version, apiVersion, traits, summary, options, requires, describe } = policy;
    const announce = (): void => enter({ subject: `policy ${name}`, loading: false });
    announce();
    return {
      name,
      version,
      apiVersion,
      traits,
      ...defined({ summary }),
      ...(options && { options }),
      ...(requires && { requires }),
      ...(describe && {
        describe(about) {
          announce();
          return policy.describe!(about);
        },
      }),
      allocate(request) {
        announce();
        return policy.allocate(request);
      },
    };
  }
}

/** What crosses to the program and into documents; options are what a schema makes of them. */
function plain<Value>(value: Value, { name }: AnyPolicy): Value {
  try {
    JSON.stringify(value);
    return structuredClone(value);
  } catch (cause) {
    throw new AlphaLoraError(
      'POLICY_FAILED',
      `policy ${name}: what its schema makes of the options is no plain data`,
      { details: { policy: name }, cause },
    );
  }
}
