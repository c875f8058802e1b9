/**
 * `task_type` of PEFT: which of its wrappers a model gets. They call methods that only models with such a
 * head have, so a wrong one fails where none works; without one, any model trains and generates.
 */
import type { Allocation } from '@alphalora/contracts';

/** Ends of the classes of transformers. */
const heads: ReadonlyArray<readonly [RegExp, string]> = [
  [/ForSequenceClassification$/, 'SEQ_CLS'],
  [/ForTokenClassification$/, 'TOKEN_CLS'],
  [/ForQuestionAnswering$/, 'QUESTION_ANS'],
  [/(ForCausalLM|LMHeadModel)$/, 'CAUSAL_LM'],
];

/** Encoder-decoders whose encoder reads no text, which the wrapper of SEQ_2_SEQ_LM takes it to. */
const otherInputs =
  /Whisper|Speech|Audio|Seamless|Moonshine|Asr|Canary|Parakeet|Pix2Struct|Vision|Donut|Kosmos|Pop2Piano|Musicgen|Udop|Florence|^PI0/i;

/** @returns null where the model's class is none of those, or not known */
export function taskTypeOf({ model, blocks }: Allocation): string | null {
  const architecture = model?.architecture ?? '';
  const head = heads.find(([pattern]) => pattern.test(architecture));
  if (head) return head[1];
  if (!architecture.endsWith('ForConditionalGeneration')) return null;
  if (otherInputs.test(architecture)) return null;
  const sides = new Set(blocks.map(({ stack }) => stack?.name));
  return sides.size > 1 ? 'SEQ_2_SEQ_LM' : 'CAUSAL_LM';
}
