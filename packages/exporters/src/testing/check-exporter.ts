/** The conformance kit of exporters, over documents of every kind and unit that they claim. */
import { type Allocation, type Analysis, isAlphaLoraError } from '@alphalora/contracts';
import type { Exported, Exporter } from '@alphalora/contracts/extensions';
import {
  type Check,
  createKit,
  type Examination,
  forEachOf,
  type Outcome,
  type TestFunctions,
} from '@alphalora/contracts/testing';
import { resources } from '@alphalora/documents';
import { claimsOf, type Sample, samplesFor } from './documents.js';

type Examine = Examination<Exporter>;

const shape: Examine = (exporter) => {
  const { name, kinds, units } = exporter;
  if (typeof name !== 'string' || !/^\S+$/.test(name)) {
    return { failed: `name must be a word, not ${JSON.stringify(name)}` };
  }
  const kind = Array.isArray(kinds) && kinds.length > 0;
  if (!kind || kinds.some((one) => one !== 'analysis' && one !== 'allocation')) {
    return { failed: `kinds must name analysis, allocation or both, not ${JSON.stringify(kinds)}` };
  }
  if (units !== undefined) {
    if (!kinds.includes('allocation'))
      return { failed: 'units are of allocations, which it is not for' };
    const odd = units.find((unit) => !Object.hasOwn(resources, unit));
    if (odd !== undefined || units.length === 0) {
      return {
        failed: `units must be some of ${Object.keys(resources)}, not ${JSON.stringify(units)}`,
      };
    }
  }
  if (exporter.extension !== undefined && !/^[a-z0-9]+$/.test(exporter.extension)) {
    return {
      failed: `extension must be lower case letters, not ${JSON.stringify(exporter.extension)}`,
    };
  }
  return typeof exporter.export === 'function'
    ? undefined
    : { failed: 'export must be a function' };
};

/** Users may give no options at all. */
const options: Examine = (exporter) => {
  if (exporter.options === undefined) return undefined;
  const result = exporter.options['~standard']?.validate({});
  if (result === undefined || result instanceof Promise) {
    return { failed: 'options must be a Standard Schema that answers at once' };
  }
  return result.issues
    ? { failed: `options must have defaults: without any, "${result.issues[0]?.message}"` }
    : undefined;
};

/** The options of an exporter that has passed the check above. */
function defaultsOf({ options: schema }: Exporter): unknown {
  const result = schema?.['~standard'].validate({}) ?? { value: {} };
  return 'value' in result ? result.value : {};
}

/** What became of a document; nothing where the exporter refused it in the words of an error. */
function attempt(exporter: Exporter, document: Analysis | Allocation): Exported | undefined {
  try {
    return exporter.export(document, defaultsOf(exporter));
  } catch (error) {
    if (isAlphaLoraError(error, 'INVALID_DOCUMENT', 'INVALID_OPTION')) return undefined;
    throw error;
  }
}

/** A document may lack what a format needs, but must not break its exporter. */
const refusals: Examine = (exporter) =>
  forEachOf(samplesFor(exporter), ({ name, document }) => {
    try {
      attempt(exporter, document);
      return undefined;
    } catch (error) {
      return { failed: `${name}: ${error}; expected files, INVALID_DOCUMENT or INVALID_OPTION` };
    }
  });

const claims: Examine = (exporter) =>
  forEachOf(claimsOf(exporter), (claim) => {
    const samples = samplesFor(exporter).filter((sample) => sample.claim === claim);
    const works = samples.some(({ document }) => attempt(exporter, document) !== undefined);
    return works
      ? undefined
      : { failed: `it refuses ${samples.map(({ name }) => name).join(', ')}, and claims ${claim}` };
  });

/** Every document that the exporter takes. */
function forEachExport(
  exporter: Exporter,
  examine: (exported: Exported, sample: Sample) => Outcome,
): Promise<Outcome> {
  return forEachOf(samplesFor(exporter), (sample) => {
    const exported = attempt(exporter, sample.document);
    return exported && examine(exported, sample);
  });
}

const answer: Examine = (exporter) =>
  forEachExport(exporter, ({ files, notes }, { name }) => {
    const texts = typeof files === 'string' ? [files] : Object.values(files ?? {});
    if (texts.length === 0) return { failed: `${name}: it makes no file` };
    if (texts.some((text) => typeof text !== 'string' || text === '')) {
      return { failed: `${name}: a file is empty or no text` };
    }
    return Array.isArray(notes) && notes.every((note) => typeof note === 'string')
      ? undefined
      : { failed: `${name}: notes must be a list of texts, not ${JSON.stringify(notes)}` };
  });

const inputUnchanged: Examine = (exporter) =>
  forEachOf(samplesFor(exporter), ({ name, document }) => {
    const given = structuredClone(document);
    attempt(exporter, given);
    if (JSON.stringify(given) !== JSON.stringify(document)) {
      return { failed: `${name}: the document is not what it was` };
    }
    try {
      attempt(exporter, frozen(given));
      return undefined;
    } catch (error) {
      return { failed: `${name}: of a frozen document, ${error}` };
    }
  });

function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null)
    Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

const determinism: Examine = (exporter) =>
  forEachExport(exporter, (exported, { name, document }) =>
    JSON.stringify(exported) === JSON.stringify(attempt(exporter, document))
      ? undefined
      : { failed: `${name}: two exports differ` },
  );

/** Names that stay in the folder that they are put into, on every system. */
const fileNames: Examine = (exporter) =>
  forEachExport(exporter, ({ files }, { name }) => {
    if (typeof files === 'string') return undefined;
    const names = Object.keys(files);
    const odd = names.find((file) => !/^\w(?:[\w.-]*\w)?$/.test(file));
    if (odd !== undefined) {
      return {
        failed: `${name}: a file is called ${JSON.stringify(odd)}: take letters, digits, dots and hyphens`,
      };
    }
    const known = new Set(names.map((file) => file.toLowerCase()));
    return known.size === names.length
      ? undefined
      : { failed: `${name}: names that differ only in case: ${names.join(', ')}` };
  });

const texts: Examine = (exporter) =>
  forEachExport(exporter, ({ files }, { name }) => {
    for (const text of typeof files === 'string' ? [files] : Object.values(files)) {
      if (!text.endsWith('\n')) return { failed: `${name}: the last line of a file has no end` };
      if (text.includes('\0')) return { failed: `${name}: a file has a zero byte` };
      if (/\p{Surrogate}/u.test(text)) return { failed: `${name}: a file has half a character` };
    }
    return undefined;
  });

const notes: Examine = (exporter) =>
  forEachExport(exporter, (exported, { name }) => {
    // A sentence or more, shown in a line of a list.
    const odd = exported.notes.find(
      (note) =>
        !/\S \S/.test(note) || note !== note.trim() || /[\p{Cc}\u2028\u2029]|\.$/u.test(note),
    );
    return odd === undefined
      ? undefined
      : {
          failed: `${name}: the note ${JSON.stringify(odd)} is no line of words without a full stop at its end`,
        };
  });

/** A file that is the same for other numbers does not hold them. */
const content: Examine = (exporter) =>
  forEachExport(exporter, ({ files }, { name, document, other }) => {
    const same = other && JSON.stringify(attempt(exporter, other)?.files) === JSON.stringify(files);
    const what = document.kind === 'analysis' ? 'other alphas' : 'other amounts';
    return same ? { failed: `${name}: the files are the same with ${what}` } : undefined;
  });

const kit = createKit<Exporter>({
  steps: [
    ['shape', shape],
    ['options', options],
    ['refusals', refusals],
    ['claims', claims],
    ['answer', answer],
    ['input unchanged', inputUnchanged],
    ['determinism', determinism],
  ],
  independent: [
    ['file names', fileNames],
    ['texts', texts],
    ['notes', notes],
    ['content', content],
  ],
});

// biome-ignore lint/suspicious/noExplicitAny: an exporter may be for one kind of document, and has options of its own
type AnyExporter = Exporter<any, any>;

/**
 * @param options that the exporter cannot do without for some of what it is for; the defaults where absent
 * @returns a result for each check; it never throws for a fault of the exporter
 */
export function checkExporter(
  exporter: AnyExporter,
  options?: Readonly<Record<string, unknown>>,
): Promise<Check[]> {
  return kit.check(withOptions(exporter, options));
}

/** {@link checkExporter} as tests of the caller's framework, one for each check. */
export function describeExporter(
  exporter: AnyExporter,
  tests: TestFunctions,
  options?: Readonly<Record<string, unknown>>,
): void {
  kit.describe(`exporter ${exporter.name}`, withOptions(exporter, options), tests);
}

/** The exporter, on which these options stand instead of the defaults. */
function withOptions(
  exporter: AnyExporter,
  given: Readonly<Record<string, unknown>> | undefined,
): AnyExporter {
  if (given === undefined) return exporter;
  return {
    ...exporter,
    export(document, defaults: object) {
      return exporter.export(document, { ...defaults, ...given });
    },
  };
}
