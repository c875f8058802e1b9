/** The last answer of a chat as a completion of all that comes before it, in a model's own format. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { ChatMessage, Example } from '@alphalora/contracts/extensions';
import type { ChatTemplate } from './tokenizer/chat-template.js';

/** A chat that ends with the answer to learn. */
export type Chat = Required<Pick<Example, 'messages'>> & Pick<Example, 'tools' | 'place'>;

/**
 * What a model is given, and what it is to answer up to the mark that ends its turn. Space after that
 * mark belongs to the next turn and is left out.
 *
 * @throws AlphaLoraError `INVALID_OPTION` when the model has no template, or it does not take the chat, or
 *   leaves out tools, their calls or what they gave
 */
export function chatExample(
  chat: ChatTemplate | undefined,
  { messages, tools, place }: Chat,
): { prompt: string; completion: string } {
  const template = requireChatTemplate(chat);
  const prompt = template(messages.slice(0, -1), { ask: true, tools });
  const whole = template(messages, { tools });
  const refuse = (what: string): never => {
    const where = place === undefined ? '' : `${place}: `;
    throw new AlphaLoraError('INVALID_OPTION', `${where}the model's chat template ${what}`);
  };
  if (!whole.startsWith(prompt)) {
    return refuse(
      'writes an answer in another way than it asks for one, so it is unclear what to learn; write prompts and completions yourself for the task completions',
    );
  }
  const dropped = droppedBy(template, { messages, ...(tools && { tools }) }, whole);
  if (dropped !== undefined) {
    return refuse(
      `leaves out ${dropped}; use a model whose template has tools, or leave such chats out`,
    );
  }
  return { prompt, completion: whole.slice(prompt.length).trimEnd() };
}

/**
 * What of tools a template does not write: rendered without it, the text is the same.
 *
 * @returns undefined where it writes all
 */
function droppedBy(
  template: ChatTemplate,
  { messages, tools }: Chat,
  whole: string,
): string | undefined {
  const isSame = (others: readonly ChatMessage[], offered = tools): boolean => {
    try {
      return template(others, { tools: offered }) === whole;
    } catch {
      // It does not do without.
      return false;
    }
  };
  if (tools && isSame(messages, [])) return 'the tools that the chat may call';
  for (const [i, message] of messages.entries()) {
    const replaced = (by: ChatMessage) => isSame(messages.with(i, by));
    const { tool_calls: calls, ...plain } = message;
    if (calls && (replaced(plain) || replaced({ ...plain, tool_calls: calls.map(renamed) }))) {
      return `the calls of tools in messages[${i}]`;
    }
    if (
      !usualRoles.includes(message.role) &&
      replaced({ ...message, content: `${message.content}_` })
    ) {
      return `what the role ${JSON.stringify(message.role)} says in messages[${i}]`;
    }
  }
  return undefined;
}

const usualRoles = ['system', 'user', 'assistant'];

function renamed(call: object): object {
  const { function: called } = call as { function?: { name?: string } };
  return { ...call, function: { ...called, name: `${called?.name}_` } };
}

/** @throws AlphaLoraError `INVALID_OPTION` when there is none */
export function requireChatTemplate(chat: ChatTemplate | undefined): ChatTemplate {
  if (chat) return chat;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    'the model has no chat template (chat_template in tokenizer_config.json, or chat_template.jinja): use a model that was trained for chats, or the task completions with prompts as the model knows them',
  );
}
