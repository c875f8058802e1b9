/** Decoders such as Llama, with or without an adapter: from a checkpoint to logits, losses and text. */
export {
  type AdaptedModel,
  type AdaptedModelOptions,
  adaptedModel,
} from './adapted-model.js';
export { requireChatTemplate } from './chat-examples.js';
export type { BlockConfig, DecoderConfig, ProjectionConfig } from './config.js';
export { type Decoder, type DecoderBlock, loadDecoder } from './decoder.js';
export { decoderConfig } from './families/index.js';
export { type AdapterOptions, type Logits, logits } from './forward.js';
export { type GenerateOptions, generate } from './generate.js';
export type { LanguageModel } from './language-model.js';
export { logLikelihoods } from './log-likelihoods.js';
export {
  type LanguageModelLoss,
  type LanguageModelLossOptions,
  languageModelLoss,
} from './loss.js';
export { type ChatTemplate, createChatTemplate } from './tokenizer/chat-template.js';
export { createTokenizer, type Tokenizer } from './tokenizer/tokenizer.js';
