/** A tiny BERT with random weights and a tokenizer of a few words, as a folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { safetensors } from './language-model.js';

const words = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  'the',
  'cat',
  'dog',
  'sat',
  '##s',
  '.',
];
const config = {
  architectures: ['BertModel'],
  model_type: 'bert',
  hidden_act: 'gelu',
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  vocab_size: words.length,
  max_position_embeddings: 12,
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
};

/**
 * @param folder not there yet
 * @returns the folder; its vectors are the mean of the tokens, of length 1
 */
export function writeEncoder(folder: string): string {
  mkdirSync(join(folder, '1_Pooling'), { recursive: true });
  let state = 1;
  const noise = (): number => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  };
  const tensors: Array<{ name: string; shape: number[]; values: Float32Array }> = [];
  const add = (name: string, ...shape: number[]): void => {
    const size = shape.reduce((product, length) => product * length, 1);
    tensors.push({ name, shape, values: Float32Array.from({ length: size }, noise) });
  };
  const linear = (name: string, outputs: number, inputs: number): void => {
    add(`${name}.weight`, outputs, inputs);
    add(`${name}.bias`, outputs);
  };
  const norm = (name: string): void => {
    add(`${name}.LayerNorm.weight`, size);
    add(`${name}.LayerNorm.bias`, size);
  };
  const { hidden_size: size, intermediate_size: wide } = config;
  add('embeddings.word_embeddings.weight', words.length, size);
  add('embeddings.position_embeddings.weight', config.max_position_embeddings, size);
  add('embeddings.token_type_embeddings.weight', 2, size);
  norm('embeddings');
  for (let block = 0; block < config.num_hidden_layers; block++) {
    const name = `encoder.layer.${block}`;
    for (const part of ['self.query', 'self.key', 'self.value', 'output.dense'])
      linear(`${name}.attention.${part}`, size, size);
    norm(`${name}.attention.output`);
    linear(`${name}.intermediate.dense`, wide, size);
    linear(`${name}.output.dense`, size, wide);
    norm(`${name}.output`);
  }
  const write = (name: string, content: string | Uint8Array): void =>
    writeFileSync(join(folder, name), content);
  write('model.safetensors', safetensors(tensors));
  write('config.json', JSON.stringify(config));
  write('vocab.txt', `${words.join('\n')}\n`);
  write('tokenizer_config.json', '{"tokenizer_class":"BertTokenizer","do_lower_case":true}');
  const modules = ['Transformer', 'Pooling', 'Normalize'].map((name, idx) => ({
    ...{ idx, name: `${idx}`, type: `sentence_transformers.models.${name}` },
    path: idx === 0 ? '' : `${idx}_${name}`,
  }));
  write('modules.json', JSON.stringify(modules));
  write('1_Pooling/config.json', '{"pooling_mode_mean_tokens":true}');
  return folder;
}
