/** The prompt template of Stanford Alpaca (github.com/tatsu-lab/stanford_alpaca), word for word. */

/**
 * @param input what the instruction is about; may be empty
 * @returns the prompt up to where the response begins
 */
export function alpacaPrompt(instruction: string, input = ''): string {
  return input === ''
    ? `Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\n${instruction}\n\n### Response:\n`
    : `Below is an instruction that describes a task, paired with an input that provides further context. Write a response that appropriately completes the request.\n\n### Instruction:\n${instruction}\n\n### Input:\n${input}\n\n### Response:\n`;
}
