/**
 * Questions whose options are scored by their text, as lm-evaluation-harness puts ARC
 * (lm_eval/tasks/arc): `Question: ...`, `Answer:`, and each answer as what follows. The options are not
 * listed, so that a small model need not know letters or numbers of answers to be right.
 */
import type { Example, TrainingTask } from '@alphalora/contracts/extensions';
import type { Question } from './instructions.js';
import { type DataRecord, damaged, textOf } from './records.js';
import { defineTask } from './task.js';

/** Another way to put the questions of a task. @param own how its own records are read, where they are no instructions */
export function byText(
  { name, summary, files }: TrainingTask,
  own?: (record: DataRecord) => Question,
): TrainingTask {
  return defineTask({
    name: `${name}-text`,
    summary: `${summary}; answers are scored by their text`,
    files,
    onlyOwn: true,
    example: (record) =>
      textExample(
        own && !Object.hasOwn(record.fields, 'instruction')
          ? own(record)
          : questionOfInstruction(record),
        record.place,
      ),
  });
}

function textExample({ question, choices, right }: Question, place: string): Example {
  const texts = choices.map((choice) => choice.trim());
  const answer = texts[right];
  if (texts.length < 2 || answer === undefined || texts.includes('')) {
    throw damaged(place, `answer ${right} is none of its ${texts.length} choices, or one is empty`);
  }
  const completion = (text: string): string => ` ${text}`;
  return {
    prompt: `Question: ${question.trim()}\nAnswer:`,
    completion: completion(answer),
    answer,
    // Two of the same text are one answer.
    options: [...new Set(texts)].map((label) => ({ label, completion: completion(label) })),
  };
}

/** In the wording of LLM-Adapters: the question, the answers by their labels, `Answer format: answer1/answer2`. */
function questionOfInstruction(record: DataRecord): Question {
  const instruction = textOf(record, 'instruction');
  const [, asked, labels] =
    /^Please choose the correct (?:answer|solution) to the question:([\s\S]*)Answer format: (\w{1,40}(?:\/\w{1,40})+)\s*$/.exec(
      instruction,
    ) ?? [];
  if (asked === undefined || labels === undefined) {
    throw damaged(record.place, 'it is not a question with answers that are listed');
  }
  const names = labels.split('/');
  const parts: string[] = [];
  let rest = asked;
  for (const name of names) {
    const mark = `${name[0]!.toUpperCase()}${name.slice(1)}:`;
    const at = rest.indexOf(mark);
    if (at < 0) throw damaged(record.place, `it lists no ${mark}`);
    parts.push(rest.slice(0, at));
    rest = rest.slice(at + mark.length);
  }
  const [question, ...choices] = [...parts, rest];
  return { question: question!, choices, right: names.indexOf(textOf(record, 'answer').trim()) };
}
