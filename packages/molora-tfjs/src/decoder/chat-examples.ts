/** The last answer of a chat as a completion of all that comes before it, in a model's own format. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { ChatMessage } from '@alphalora/contracts/extensions';
import type { ChatTemplate } from './tokenizer/chat-template.js';

/**
 * What a model is given, and what it is to answer up to the mark that ends its turn. Space after that
 * mark belongs to the next turn and is left out.
 *
 * @param messages the last one is the answer
 * @throws AlphaLoraError `INVALID_OPTION` when the model has no template, or it does not take the chat
 */
export function chatExample(
  chat: ChatTemplate | undefined,
  messages: readonly ChatMessage[],
): { prompt: string; completion: string } {
  const template = requireChatTemplate(chat);
  const prompt = template(messages.slice(0, -1), { ask: true });
  const whole = template(messages);
  if (!whole.startsWith(prompt)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      "the model's chat template writes an answer in another way than it asks for one, so it is unclear what to learn; write prompts and completions yourself for the task completions",
    );
  }
  return { prompt, completion: whole.slice(prompt.length).trimEnd() };
}

/** @throws AlphaLoraError `INVALID_OPTION` when there is none */
export function requireChatTemplate(chat: ChatTemplate | undefined): ChatTemplate {
  if (chat) return chat;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    'the model has no chat template (chat_template in tokenizer_config.json, or chat_template.jinja): use a model that was trained for chats, or the task completions with prompts as the model knows them',
  );
}
