/**
 * The patterns on a small Llama of transformers, read as Axolotl reads them: every dot that no plus
 * follows is escaped, and a parameter is trained where a pattern matches at the beginning of its name.
 * They must train exactly what was selected, with its biases, besides embeddings and head.
 */
import { type Projection, selectionAllocation } from '@alphalora/documents/testing';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { filesOf } from '../test-support/exported.js';

const program = `
import re
from transformers import LlamaConfig, LlamaForCausalLM
model = LlamaForCausalLM(LlamaConfig(
    vocab_size=32, hidden_size=16, intermediate_size=32, num_hidden_layers=12,
    num_attention_heads=2, attention_bias=True, tie_word_embeddings=False))

def answer(patterns):
    compiled = [re.compile(re.sub(r'\\.(?!\\+)', r'\\.', pattern)) for pattern in patterns]
    return [name for name, _ in model.named_parameters() if any(one.match(name) for one in compiled)]
`;

describeUnless(pythonLacks('torch', 'transformers'), 'unfrozen_parameters on a Llama', () => {
  const ask = startPython<string[], string[]>(program, { env: { HF_HUB_OFFLINE: '1' } });

  it('train what was selected, and nothing whose name begins alike', async () => {
    const roles = ['self_attn.q_proj', 'self_attn.o_proj', 'mlp.gate_proj', 'mlp.down_proj'];
    const list = Array.from({ length: 12 }, (_, block) =>
      roles.map(
        (role, i): Projection => [
          `model.layers.${block}.${role}.weight`,
          block,
          +(block % 5 === i),
        ],
      ),
    ).flat();
    const text = await filesOf(selectionAllocation(list), 'spectrum');
    const selected = list.flatMap(([name, , amount]) => (amount === 1 ? [name] : []));
    // Block 1, but not 10 and 11, has its output projection trained.
    expect(selected).toContain('model.layers.1.self_attn.o_proj.weight');
    const biases = selected.flatMap((name) =>
      name.includes('self_attn') ? [name.replace('weight', 'bias')] : [],
    );
    const trained = await ask(parse(text as string).unfrozen_parameters);
    expect(trained.toSorted()).toEqual(
      [...selected, ...biases, 'model.embed_tokens.weight', 'lm_head.weight'].toSorted(),
    );
  }, 120_000);
});
