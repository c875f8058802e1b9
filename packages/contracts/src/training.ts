/** The training: tasks, its extension point, and the lines that a run writes down. */
import type { NotNegative, Ordinal, Positive } from './quantities.js';

/** One training or test item: text in, text out. */
export interface Example {
  /** Everything up to where the model goes on, templates included. */
  readonly prompt: string;
  readonly completion: string;
  /** What a right output says: a label or a number. Absent where only the loss counts. */
  readonly answer?: string;
  /** What there is to choose from, where the answer is one of a few labels. */
  readonly options?: readonly ExampleOption[];
  /**
   * A chat that ends with the answer to learn. Prompt and completion are then made of it by the chat
   * template of the model, in place of those above.
   */
  readonly messages?: readonly ChatMessage[];
  /** The tools that the chat may call, as JSON Schemas of functions; a template writes them into the prompt. */
  readonly tools?: readonly object[];
  /** File and position that the chat comes from, for messages. */
  readonly place?: string;
}

/** Further fields are those that a model's template knows, such as `name` or `reasoning_content`. */
export interface ChatMessage {
  /** As the model's template knows it: mostly `system`, `user`, `assistant` or `tool`. */
  readonly role: string;
  /** Empty where the assistant only calls tools. */
  readonly content: string;
  /** What the assistant calls, each with a `function` of a `name` and its `arguments`. */
  readonly tool_calls?: readonly object[];
  readonly [field: string]: unknown;
}

export interface ExampleOption {
  /** What an output is searched for, e.g. `answer1`. */
  readonly label: string;
  /** The completion that says so, for scoring by its likelihood. */
  readonly completion: string;
}

export type Split = 'train' | 'validation' | 'test';

export interface TaskScore {
  /** The task's usual metric, e.g. `accuracy`. */
  readonly metric: string;
  readonly value: number;
  /** Further metrics by name. */
  readonly others: Readonly<Record<string, number>>;
  /** Outputs without an answer in them; they count as wrong. */
  readonly unanswered: number;
}

/** A data set as text in and text out, and how outputs are judged. Reads no files itself. */
export interface TrainingTask {
  readonly name: string;
  /** A line for lists of tasks. */
  readonly summary: string;
  /**
   * Where each split lies in the layouts that are known: the first layout of which all files are
   * there counts. Paths are relative; a folder further down may be given in their place. Files of the
   * usual names, such as train.jsonl, are found without being listed.
   */
  readonly files: Readonly<Partial<Record<Split, ReadonlyArray<readonly string[]>>>>;
  /**
   * The examples of one file.
   * @param text of a parquet file, its rows as lines of JSON
   * @param file its name, which tells the format and stands in messages
   * @param onNote is told what was skipped
   * @throws AlphaLoraError `INVALID_DOCUMENT` when the text is not as the task expects
   */
  parse(text: string, file: string, onNote?: (note: string) => void): Example[];
  /** The same data in another wording, by the name of the wording: as another code asks and answers. */
  readonly wordings?: Readonly<Record<string, TrainingTask>>;
  /**
   * Judges the outputs for examples, in their order. Absent where only the loss counts.
   * @throws AlphaLoraError `INVALID_OPTION` when there is not one output for each example
   */
  score?(outputs: readonly string[], examples: readonly Example[]): TaskScore;
}

/** One step of a training run */
export interface TrainingStep {
  /** Counted from 1. */
  readonly step: Ordinal;
  /** Passes over the data so far, in fractions. */
  readonly epoch?: NotNegative;
  /** Mean over the step's targets, before the update, in nats. */
  readonly loss: number;
  /** Weights of the step's targets together: how many there are, where each counts in full. */
  readonly targets?: Positive;
  readonly learningRate?: NotNegative;
  readonly tokensPerSecond?: NotNegative;
  /** What was measured after this step, e.g. `loss` on the validation split. */
  readonly evaluation?: Readonly<Record<string, number>>;
}
