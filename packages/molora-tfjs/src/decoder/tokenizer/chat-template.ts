/**
 * Chats as text, by the template that a model's tokenizer comes with: Jinja with the settings and the
 * variables that `apply_chat_template` of transformers gives it, without documents.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { ChatMessage } from '@alphalora/contracts/extensions';
import { Template } from '@huggingface/jinja';

/**
 * @param options.ask whether to begin the assistant's answer, so that a model gives it. @default false
 * @param options.tools that the chat may call, as JSON Schemas of functions
 * @returns the text with its special tokens, the first one included
 * @throws AlphaLoraError `INVALID_OPTION` when the template does not take such messages
 */
export type ChatTemplate = (
  messages: readonly ChatMessage[],
  options?: { ask?: boolean; tools?: readonly object[] | undefined },
) => string;

/**
 * @param configJson the parsed tokenizer_config.json: its chat_template, of several the default one, and
 *   its special tokens
 * @returns undefined when there is no template
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when the template is not valid Jinja
 */
export function createChatTemplate(configJson: unknown): ChatTemplate | undefined {
  const config = Object(configJson) as Record<string, unknown>;
  const source = sourceOf(config['chat_template']);
  if (source === undefined) return undefined;
  const template = parsed(source);
  const tokens = specialTokens(config);
  return (messages, { ask = false, tools } = {}) => {
    try {
      // As in transformers, a template sees none where there are no tools.
      const given = { ...tokens, messages, tools: tools ?? null, add_generation_prompt: ask };
      return template.render(given);
    } catch (cause) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `the model's chat template does not take a chat of ${messages.map(({ role }) => role).join(', ')}: ${reason(cause)}`,
        { cause },
      );
    }
  };
}

function sourceOf(given: unknown): string | undefined {
  if (typeof given === 'string') return given;
  if (!Array.isArray(given)) return undefined;
  const named = given.map((each) => Object(each) as { name?: unknown; template?: unknown });
  const { template } = named.find(({ name }) => name === 'default') ?? {};
  return typeof template === 'string' ? template : undefined;
}

function parsed(source: string): Template {
  try {
    return new Template(source);
  } catch (cause) {
    throw new AlphaLoraError(
      'INVALID_CHECKPOINT',
      `the chat template of the tokenizer is not valid: ${reason(cause)}`,
      { cause },
    );
  }
}

/** `bos_token` and the like, which are texts or objects with their content. */
function specialTokens(config: Readonly<Record<string, unknown>>): Record<string, string> {
  const tokens: Record<string, string> = {};
  for (const [name, value] of Object.entries(config)) {
    if (!name.endsWith('_token')) continue;
    const text = typeof value === 'string' ? value : Object(value).content;
    if (typeof text === 'string') tokens[name] = text;
  }
  return tokens;
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
