/**
 * Chats in the layouts of OpenAI (`messages` of role and content) and ShareGPT (`conversations` of from
 * and value). Each answer of the assistant is an example, with all that was said before it.
 */
import type { ChatMessage, Example, TrainingTask } from '@alphalora/contracts/extensions';
import { type DataRecord, damaged, parseRecords, textOf } from './records.js';

/** Names of ShareGPT for the roles of templates. */
const roles: Readonly<Record<string, string>> = {
  system: 'system',
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  assistant: 'assistant',
};

export const chat: TrainingTask = {
  name: 'chat',
  summary:
    "chats (messages, or ShareGPT's conversations) in the model's own template; only the loss counts",
  files: {},
  parse: (text, file) => parseRecords(text, file).flatMap(examplesOf),
};

function examplesOf(record: DataRecord): Example[] {
  const shareGpt = !Object.hasOwn(record.fields, 'messages');
  const field = shareGpt ? 'conversations' : 'messages';
  const given = record.fields[field];
  if (given === undefined) textOf(record, 'messages');
  if (!Array.isArray(given)) throw damaged(record.place, `${field} is no list`);
  const turns = given.map((turn, i) => ({
    fields: Object(turn) as Record<string, unknown>,
    place: `${record.place}, ${field}[${i}]`,
  }));
  const messages = turns.map(shareGpt ? shareGptMessage : openAiMessage);
  const examples = messages.flatMap(({ role, content }, i): Example[] =>
    // OpenAI marks answers that are not to be learned.
    role === 'assistant' && turns[i]!.fields['weight'] !== 0
      ? [{ prompt: '', completion: content, messages: messages.slice(0, i + 1) }]
      : [],
  );
  if (examples.length > 0) return examples;
  throw damaged(record.place, `${field} has no answer of the assistant to learn`);
}

function openAiMessage(turn: DataRecord): ChatMessage {
  if (turn.fields['tool_calls'] !== undefined) {
    throw damaged(turn.place, 'calls of tools are not supported');
  }
  return { role: textOf(turn, 'role'), content: textOf(turn, 'content') };
}

function shareGptMessage(turn: DataRecord): ChatMessage {
  const from = textOf(turn, 'from');
  if (!Object.hasOwn(roles, from)) {
    throw damaged(
      turn.place,
      `from is ${JSON.stringify(from)}, not one of ${Object.keys(roles).join(', ')}`,
    );
  }
  return { role: roles[from]!, content: textOf(turn, 'value') };
}
