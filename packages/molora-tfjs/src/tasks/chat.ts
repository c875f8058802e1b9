/**
 * Chats in the layouts of OpenAI (`messages` of role and content) and ShareGPT (`conversations` of from
 * and value), with the tools that they may call. Each answer of the assistant, and each call of a tool,
 * is an example, with all that was said before it.
 */
import type { ChatMessage, Example, TrainingTask } from '@alphalora/contracts/extensions';
import { type DataRecord, damaged, listOf, parseRecords, textOf } from './records.js';
import { withCompletions } from './task.js';

/** Names of ShareGPT, and of LLaMA-Factory for calls and what they give, for the roles of templates. */
const roles: Readonly<Record<string, string>> = {
  system: 'system',
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  assistant: 'assistant',
  function_call: 'assistant',
  tool: 'tool',
  observation: 'tool',
};

/** Those that the templates of published models know. */
const templateRoles = [
  ...['system', 'developer', 'user', 'assistant', 'tool', 'function', 'ipython', 'environment'],
  ...['observation', 'documents', 'context'],
];

export const chat: TrainingTask = {
  name: 'chat',
  summary:
    "chats (messages, or ShareGPT's conversations) in the model's own template; only the loss counts",
  files: {},
  parse: (text, file, onNote) =>
    withCompletions(parseRecords(text, file, { onNote }), examplesOf, onNote),
};

function examplesOf(record: DataRecord): Example[] {
  const shareGpt = (record.fields['messages'] ?? undefined) === undefined;
  const field = shareGpt ? 'conversations' : 'messages';
  if (record.fields[field] === undefined) textOf(record, 'messages');
  const turns = listOf(record, field).map((turn, i) => ({
    fields: Object(turn) as Record<string, unknown>,
    place: `${record.place}, ${field}[${i}]`,
  }));
  const said = turns.map(shareGpt ? shareGptMessage : openAiMessage);
  // LLaMA-Factory has the system turn beside the others.
  const system = record.fields['system'] ?? '';
  const messages =
    system === '' || said[0]?.role === 'system'
      ? said
      : [{ role: 'system', content: textOf(record, 'system') }, ...said];
  const before = messages.length - said.length;
  const tools = toolsOf(record);
  const examples = said.flatMap(({ role, content }, i): Example[] => {
    // OpenAI marks answers that are not to be learned.
    if (role !== 'assistant' || turns[i]!.fields['weight'] === 0) return [];
    const { place } = record;
    const chat = { messages: messages.slice(0, before + i + 1), place, ...(tools && { tools }) };
    return [{ prompt: '', completion: content, ...chat }];
  });
  if (examples.length > 0) return examples;
  throw damaged(record.place, `${field} has no answer of the assistant to learn`);
}

/** All fields of a turn go to the template, as transformers passes them. */
function openAiMessage(turn: DataRecord): ChatMessage {
  const { weight: _, ...given } = withoutNull(turn.fields) as Record<string, unknown>;
  if (given['function_call'] !== undefined) {
    throw damaged(turn.place, 'function_call is of an older layout; write tool_calls');
  }
  const { tool_calls: calls, ...others } = given;
  const role = textOf(turn, 'role');
  if (!templateRoles.includes(role)) throw unknownRole(turn, 'role', role, templateRoles);
  if (calls === undefined || (Array.isArray(calls) && calls.length === 0)) {
    return { ...others, role, content: contentOf(turn) };
  }
  // A turn that only calls has no content, or null.
  const content = given['content'] === undefined ? '' : contentOf(turn);
  const list = listOf({ fields: given, place: turn.place }, 'tool_calls');
  return { ...others, role, content, tool_calls: list.map((call) => callOf(call, turn)) };
}

/** A text, or the parts of one. */
function contentOf(turn: DataRecord): string {
  const { content } = turn.fields;
  if (!Array.isArray(content)) return textOf(turn, 'content');
  const parts = content.map((part, i) => {
    const fields = Object(part) as Record<string, unknown>;
    const place = `${turn.place}, content[${i}]`;
    const type = textOf({ fields, place }, 'type');
    if (type === 'text') return textOf({ fields, place }, 'text');
    throw damaged(place, `its type is ${JSON.stringify(type)}, and only text can be learned`);
  });
  return parts.join('');
}

function unknownRole(turn: DataRecord, field: string, role: string, known: readonly string[]) {
  return damaged(turn.place, `${field} is ${JSON.stringify(role)}, not one of ${known.join(', ')}`);
}

function shareGptMessage(turn: DataRecord): ChatMessage {
  const from = textOf(turn, 'from');
  if (!Object.hasOwn(roles, from)) {
    throw unknownRole(turn, 'from', from, Object.keys(roles));
  }
  const role = roles[from]!;
  if (from !== 'function_call') return { role, content: textOf(turn, 'value') };
  const value = parsedJson(textOf(turn, 'value'));
  const calls = Array.isArray(value) ? value : [value];
  return { role, content: '', tool_calls: calls.map((call) => callOf({ function: call }, turn)) };
}

/** Arguments as an object, as templates expect them; OpenAI writes them as JSON within a text. */
function callOf(given: unknown, { place }: DataRecord): object {
  const call = Object(given) as Record<string, unknown>;
  const called = Object(call['function'] ?? call) as Record<string, unknown>;
  const { name, arguments: text = {} } = called;
  const values = typeof text === 'string' ? parsedJson(text) : text;
  if (typeof name !== 'string' || typeof values !== 'object' || values === null) {
    throw damaged(place, 'a call of a tool has no name, or its arguments are not a JSON object');
  }
  const { function: _, name: __, arguments: ___, ...others } = call;
  return { type: 'function', ...others, function: { ...called, arguments: values } };
}

function toolsOf(record: DataRecord): object[] | undefined {
  const given = record.fields['tools'] ?? '';
  if (given === '') return undefined;
  const tools = withoutNull(listOf(record, 'tools')) as unknown[];
  if (!tools.every((tool) => typeof tool === 'object' && tool !== null)) {
    throw damaged(record.place, 'tools is not a list of functions');
  }
  // LLaMA-Factory lists the functions themselves.
  const listed = tools.map((tool) =>
    'function' in tool! ? tool! : { type: 'function', function: tool },
  );
  return listed.length > 0 ? listed : undefined;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Without what is null: in a table, every row has the fields of all others. */
function withoutNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNull);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      item === null ? [] : [[key, withoutNull(item)]],
    ),
  );
}
