/** The interface of each kind of thing that is chosen by name, and the registry that they are in. */
export type { Exported, Exporter } from './exporter.js';
export type { CheckpointFormat, FormatContent, TokenizerDescription } from './formats.js';
export type { MetricContext, MetricGroup, RandomisedSpectrum, Resolution } from './metrics.js';
export type {
  AllocationPolicy,
  LayerFact,
  PolicyAnswer,
  PolicyBudget,
  PolicyLayer,
  PolicyRequest,
  PolicyTraits,
} from './policy.js';
export type { ReadyRegistry, Registry, RegistryOptions } from './registry.js';
export { createReadyRegistry, createRegistry } from './registry.js';
export type {
  EngineEntry,
  SpectralEngine,
  SpectrumOptions,
  TailEstimator,
  TailFit,
} from './spectra.js';
export { decodeText } from './text.js';
export type {
  ChatMessage,
  Example,
  ExampleOption,
  Split,
  TaskScore,
  TrainingTask,
} from './training.js';
