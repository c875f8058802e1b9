/**
 * Families of transformers, made without any values: their names and shapes as save_pretrained writes them
 * are allocated, exported, and given to PEFT on the model itself. What transformers loads each of them into
 * must have the rank that was allocated, and nothing else any.
 */
import { readFileSync } from 'node:fs';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, shrunkModels, startPython } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import type { NamedTensors } from '../test-support/allocated.js';
import { type Adapted, type Question, ranksInPeft } from '../test-support/peft-ranks.js';

const lack = pythonLacks('torch', 'transformers>=5.24', 'peft>=0.21');

const program = readFileSync(new URL('../test-support/peft-families.py', import.meta.url), 'utf8');
const ask = startPython<Question, NamedTensors & Adapted>(shrunkModels + program, {
  env: { HF_HUB_OFFLINE: '1' },
});
const run = (name: string, rankOf: (block: number, role: string) => number, options = {}) =>
  ranksInPeft(ask, name, rankOf, options);

const families = `
  LlamaForCausalLM LlamaModel Qwen3ForCausalLM Gemma3ForCausalLM GPT2LMHeadModel Phi3ForCausalLM BloomForCausalLM OPTForCausalLM FalconForCausalLM
  Qwen2VLForConditionalGeneration Qwen2_5_VLForConditionalGeneration Qwen3VLForConditionalGeneration
  Gemma3ForConditionalGeneration LlavaForConditionalGeneration Mistral3ForConditionalGeneration
  PaliGemmaForConditionalGeneration Idefics3ForConditionalGeneration MllamaForConditionalGeneration
  MixtralForCausalLM Qwen2MoeForCausalLM Qwen3MoeForCausalLM DeepseekV2ForCausalLM GptOssForCausalLM
  GraniteMoeForCausalLM JambaForCausalLM Llama4ForConditionalGeneration Qwen3VLMoeForConditionalGeneration
  Qwen3NextForCausalLM T5ForConditionalGeneration BartForConditionalGeneration
  WhisperForConditionalGeneration BertModel RobertaForSequenceClassification ViTModel Dinov2Model
  SwinModel CLIPModel Wav2Vec2Model NomicBertModel
  T5Gemma2ForConditionalGeneration RTDetrForObjectDetection PPDocLayoutV2Model VisionEncoderDecoderModel
  GroundingDinoModel RfDetrForObjectDetection DepthAnythingForDepthEstimation ZoeDepthForDepthEstimation
  ViTMAEForPreTraining ViTMSNForImageClassification Tipsv2Model Tipsv2VisionModel Sapiens2Model
  Cosmos3OmniForConditionalGeneration Cosmos3EdgeForConditionalGeneration InklingForConditionalGeneration
  Inkling2ForCausalLM MistralLarge4ForConditionalGeneration Step3p7ForConditionalGeneration
  Step3p7VisionModel MiniMaxM3SparseForConditionalGeneration Kimi_K25ForConditionalGeneration
  Ernie4_5_VLMoeForConditionalGeneration CohereAsrForConditionalGeneration Dots3NoteAudioModel
  GradiumPhononTTSForConditionalGeneration UnlimitedOcrVisionModel PI0ForConditionalGeneration
  Nemotron3_5TranscribeForConditionalGeneration`
  .trim()
  .split(/\s+/);

describeUnless(lack, 'ranks of families in PEFT', () => {
  it.each(families)(
    '%s, by block',
    async (name) => {
      const { wanted, ranks } = await run(name, (block) => 2 + block);
      const expected = Object.fromEntries(
        [...wanted].map(([module, [rank]]) => [module, [rank, 1]]),
      );
      expect(Object.keys(expected).length).toBeGreaterThan(0);
      expect(ranks).toEqual(expected);
    },
    120_000,
  );

  it.each([
    'Qwen2_5_VLForConditionalGeneration',
    'Qwen3MoeForCausalLM',
    'T5ForConditionalGeneration',
    'BertModel',
  ])(
    '%s, by projection, some of which have none',
    async (name) => {
      const { wanted, ranks } = await run(name, (block, role) => (block + role.length) % 5);
      const expected = [...wanted].filter(([, own]) => Math.max(...own) > 0);
      expect(Object.keys(ranks).sort()).toEqual(expected.map(([module]) => module).sort());
      for (const [module, own] of expected) {
        // One for all that is stored apart: between the least and the most of theirs.
        expect(ranks[module]![0], module).toBeGreaterThanOrEqual(Math.max(1, Math.min(...own)));
        expect(ranks[module]![0], module).toBeLessThanOrEqual(Math.max(...own));
      }
    },
    120_000,
  );

  it.each([
    ['alpha/r', (rank: number) => 8 / rank],
    ['alpha/sqrt(r)', (rank: number) => 8 / Math.sqrt(rank)],
    ['constant', () => 8 / 3],
  ])(
    'scaling by %s, of roles that were chosen',
    async (scaling, expected) => {
      const targets = ['q_proj', 'gate_up_proj'];
      const options = { scaling, alpha: 8, targets };
      const { ranks } = await run('Qwen3MoeForCausalLM', (block) => 2 + block, options);
      expect(Object.keys(ranks).sort()).toEqual([
        'model.layers.0.mlp.experts.gate_up_proj',
        'model.layers.0.self_attn.q_proj.weight',
        'model.layers.1.mlp.experts.gate_up_proj',
        'model.layers.1.self_attn.q_proj.weight',
      ]);
      for (const [rank, scale] of Object.values(ranks))
        expect(scale).toBeCloseTo(expected(rank), 12);
    },
    120_000,
  );

  it.each([
    ['LlamaForCausalLM', 'PeftModelForCausalLM'],
    ['T5ForConditionalGeneration', 'PeftModelForSeq2SeqLM'],
    ['RobertaForSequenceClassification', 'PeftModelForSequenceClassification'],
    ['LlamaModel', 'PeftModel'],
    ['WhisperForConditionalGeneration', 'PeftModel'],
  ])(
    '%s is a %s',
    async (name, expected) => {
      expect((await run(name, () => 2)).wrapper).toBe(expected);
    },
    120_000,
  );

  it.each(['MambaForCausalLM', 'FalconH1ForCausalLM', 'NemotronHForCausalLM'])(
    '%s but for what PEFT refuses, which a note names',
    async (name) => {
      const { wanted, ranks, notes } = await run(name, (block) => 2 + block);
      const [refused, others] = [true, false].map((is) =>
        [...wanted].filter(([module]) => module.endsWith('out_proj.weight') === is),
      );
      expect(refused!.length).toBeGreaterThan(0);
      expect(notes.join('\n')).toMatch(/PEFT does not adapt layers\.\d+\.\w+\.out_proj/);
      expect(ranks).toEqual(
        Object.fromEntries(others!.map(([module, [rank]]) => [module, [rank, 1]])),
      );
    },
    120_000,
  );
});
