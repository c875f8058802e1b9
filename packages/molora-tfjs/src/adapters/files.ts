/** What an adapter's files hold, as they are written and read. */
import type { AdapterState } from './adapter-spec.js';

export interface AdapterFiles {
  /** adapter_model.safetensors, in pieces. */
  readonly weights: readonly Uint8Array[];
  /** adapter_config.json */
  readonly config: string;
}

/** What the files say of the model that the adapter belongs to. */
export interface AdapterBase {
  /** A folder, or a name on the hub. */
  readonly base?: string;
  /** Of a model on the hub. */
  readonly revision?: string;
  /** Whether it stores the adapted weights as [inputs, outputs], as GPT-2's Conv1D does. */
  readonly inputFirst?: boolean;
}

/** An adapter as its files have it. */
export interface StoredAdapter extends AdapterBase {
  readonly state: AdapterState;
  /** What people should know of how the files were read, a sentence each. */
  readonly notes?: readonly string[];
}
