/**
 * Merged folders as transformers loads them: PEFT's merge_and_unload has the same weights, and, where the
 * embedding is tied, the unmerged model the same answers.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { mergeAdapter } from './index.js';

const folder = temporaryFolder('merge-adapter');

const program = `
import copy, os, torch, warnings
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM
warnings.simplefilter('ignore')

def llama(tied):
    return LlamaForCausalLM(LlamaConfig(vocab_size=32, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=tied))
def gpt2():
    return GPT2LMHeadModel(GPT2Config(vocab_size=32, n_positions=16, n_embd=16, n_layer=2, n_head=2,
        attn_pdrop=0, embd_pdrop=0, resid_pdrop=0))
cases = {
    'patterns': (lambda: llama(False).bfloat16(), dict(target_modules=['q_proj', 'v_proj', 'down_proj'], r=4, lora_alpha=6,
        use_rslora=True, rank_pattern={'layers.0.self_attn.q_proj': 7}, alpha_pattern={r'^model\\\\.layers\\\\.1\\\\..*': 5})),
    'halves': (lambda: llama(False).half(), dict(target_modules='all-linear', r=3)),
    'conv1d': (gpt2, dict(target_modules=['c_attn', 'c_proj'], r=4, fan_in_fan_out=True, bias='lora_only')),
    'embedding': (lambda: llama(True), dict(target_modules=['q_proj', 'embed_tokens'], r=4)),
    'head': (lambda: llama(True), dict(target_modules=['q_proj', 'lm_head'], r=4)),
    'saved': (lambda: llama(True), dict(target_modules=['q_proj'], modules_to_save=['lm_head'], r=4)),
    'gpt2-embedding': (gpt2, dict(target_modules=['c_attn', 'wte'], r=4, fan_in_fan_out=True)),
}
tokens = torch.tensor([[1, 2, 3, 5, 8]])
references = {}

def prepare(name):
    make, settings = cases[name]
    torch.manual_seed(0)
    model = make().eval()
    model.save_pretrained(name + '/base', max_shard_size='6KB')
    open(name + '/base/tokenizer.json', 'w').write('{}')
    adapted = get_peft_model(model, LoraConfig(task_type='CAUSAL_LM', **settings)).eval()
    for key, value in adapted.named_parameters():
        if value.requires_grad: torch.nn.init.normal_(value, std=0.3)
    adapted.save_pretrained(name + '/adapter', save_embedding_layers=False)
    logits = adapted(tokens).logits.float().detach()
    # The sum in float32, then rounded once.
    whole = adapted.float().merge_and_unload()
    references[name] = logits, {k: v.clone() for k, v in whole.state_dict().items()}, next(model.parameters()).dtype

def compare(name):
    logits, weights, _ = references[name]
    dtype = {'patterns': torch.bfloat16, 'halves': torch.float16}.get(name, torch.float32)
    loaded, info = AutoModelForCausalLM.from_pretrained(name + '/merged', dtype='auto', output_loading_info=True)
    state = loaded.eval().state_dict()
    step = {torch.bfloat16: 2 ** -8, torch.float16: 2 ** -11, torch.float32: 2 ** -23}[dtype]
    worst = 0
    for key, value in state.items():
        assert value.dtype == dtype, (key, value.dtype)
        other = weights[key].to(torch.float32)
        worst = max(worst, ((value.float() - other).abs() / (other.abs() + 1e-2)).max().item() / step)
    return {
        'names': sorted(state) == sorted(weights),
        'missing': [sorted(info[k]) for k in ('missing_keys', 'unexpected_keys', 'mismatched_keys')],
        'steps': worst,
        'tied': loaded.config.tie_word_embeddings,
        'logits': ((loaded(tokens).logits.float() - logits).abs().max() / logits.abs().max()).item(),
    }

def answer(question):
    os.chdir(ROOT)
    what, name = question
    return prepare(name) if what == 'prepare' else compare(name)
`;

interface Answer {
  names: boolean;
  missing: unknown[][];
  steps: number;
  tied: boolean;
  logits: number;
}

const merge = (name: string) =>
  mergeAdapter({
    model: join(folder, name, 'base'),
    adapter: join(folder, name, 'adapter'),
    output: join(folder, name, 'merged'),
    maxShardBytes: 6000,
  });

describeUnless(pythonLacks('torch', 'transformers', 'peft>=0.15'), 'PEFT', () => {
  const ask = startPython<string[], Answer | null>(program.replace('ROOT', JSON.stringify(folder)));

  it.each(['patterns', 'halves', 'conv1d'])('merges %s to the same weights', async (name) => {
    await ask(['prepare', name]);
    const { notes, copied, unmatched } = await merge(name);
    expect({ notes, unmatched }).toEqual({ notes: [], unmatched: [] });
    expect(copied).toContain('tokenizer.json');
    const files = readdirSync(join(folder, name, 'merged'));
    expect(files).toContain('model.safetensors.index.json');
    expect(readdirSync(join(folder, name)).sort()).toEqual(['adapter', 'base', 'merged']);
    const found = (await ask(['compare', name]))!;
    expect(found).toMatchObject({ names: true, missing: [[], [], []] });
    // Of the last place of the type: sums in float32 there and in float64 here may round apart.
    expect(found.steps).toBeLessThan(name === 'conv1d' ? 32 : 1.01);
  });

  // merge_and_unload changes both of the two that are one there, which is not what was trained.
  it.each(['embedding', 'head', 'saved', 'gpt2-embedding'])(
    'answers as the merged model does where the %s is tied',
    async (name) => {
      await ask(['prepare', name]);
      const { notes } = await merge(name);
      expect(notes).toEqual([expect.stringMatching(/were one matrix .* two in the merged model/)]);
      const found = (await ask(['compare', name]))!;
      expect(found).toMatchObject({ missing: [[], [], []], tied: false });
      expect(found.logits).toBeLessThan(1e-5);
    },
  );
});
