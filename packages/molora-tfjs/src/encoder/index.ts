/** Encoders such as BERT and MiniLM: from a checkpoint to vectors of texts. */
export { type EncoderConfig, encoderConfig } from './config.js';
export { type Embedding, type EmbeddingModel, type EmbedOptions, embed } from './embed.js';
export {
  type EmbeddingSettings,
  embeddingSettings,
  type SentenceFiles,
  type SentenceModules,
  sentenceModules,
} from './embedding-settings.js';
export { type Encoder, type EncoderBlock, encoderOf, type NormWeights } from './encoder.js';
export { encoderStates } from './forward.js';
export { numpyArray } from './numpy.js';
export { type Pooling, pooled } from './pooling.js';
