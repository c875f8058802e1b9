/** The documents in the formats of other programs. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Allocation } from './allocation.js';
import type { Analysis } from './analysis.js';
import type { Resource } from './policy.js';

/** What becomes of a document in a format. */
export interface Exported {
  /** The content of a file of any name, or of files whose names the other program knows. */
  readonly files: string | Readonly<Record<string, string>>;
  /** What of this document the format cannot express, in sentences for people. */
  readonly notes: readonly string[];
}

/** A format of another program. */
export interface Exporter<
  Document extends Analysis | Allocation = Analysis | Allocation,
  Options = unknown,
> {
  readonly name: string;
  /** The kinds of documents that it is for. */
  readonly kinds: ReadonlyArray<Document['kind']>;
  /** Of the file, where the other program looks for no name of its own. @default `txt` */
  readonly extension?: string;
  /** What an allocation may have shared out: anything where this is absent. */
  readonly units?: readonly Resource[];
  /** Checks and completes the options: zod, valibot, arktype or any other Standard Schema. Absent: none. */
  readonly options?: StandardSchemaV1<unknown, Options>;
  /**
   * @param document valid, of one of the kinds and units
   * @param options as the schema completed them
   * @throws AlphaLoraError `INVALID_DOCUMENT` when it lacks what the format needs, `INVALID_OPTION`
   *   when the format cannot hold it
   */
  export(document: Document, options: Options): Exported;
}
