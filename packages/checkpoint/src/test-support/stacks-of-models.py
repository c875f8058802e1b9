"""Names and shapes of small models of transformers with several stacks, with the blocks of their main one."""
import json, os, warnings
warnings.filterwarnings('ignore')
os.environ['TRANSFORMERS_VERBOSITY'] = 'error'
import torch
import transformers as T

text = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
            num_key_value_heads=2, vocab_size=128, max_position_embeddings=64)
short = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=4, num_attention_heads=4, vocab_size=128)
vision = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
              image_size=28, patch_size=14)
halves = dict(d_model=64, encoder_ffn_dim=96, decoder_ffn_dim=96, encoder_layers=2, decoder_layers=3,
              encoder_attention_heads=4, decoder_attention_heads=4, vocab_size=128)
t5 = dict(d_model=64, d_ff=96, d_kv=16, num_layers=2, num_decoder_layers=4, num_heads=4, vocab_size=128)
rope = {'type': 'mrope', 'mrope_section': [2, 3, 3]}
opt = dict(model_type='opt', hidden_size=64, ffn_dim=96, num_hidden_layers=3, num_attention_heads=4,
           vocab_size=128, word_embed_proj_dim=64, max_position_embeddings=64)
speech = dict(num_mel_bins=16, max_source_positions=32, max_target_positions=32, pad_token_id=0,
              bos_token_id=1, eos_token_id=2, decoder_start_token_id=1)
linear = dict(linear_num_value_heads=4, linear_num_key_heads=2, linear_key_head_dim=16, linear_value_head_dim=16)
experts = dict(num_experts=4, num_experts_per_tok=2, moe_intermediate_size=32, shared_expert_intermediate_size=32)
latent = dict(moe_intermediate_size=32, n_routed_experts=4, n_group=2, topk_group=1, num_experts_per_tok=2,
              q_lora_rank=16, kv_lora_rank=16, qk_rope_head_dim=8, qk_nope_head_dim=8, v_head_dim=16)

models = [
    ('Qwen2VLForConditionalGeneration', 'Qwen2VLConfig', dict(text_config={**text, 'rope_scaling': rope},
        vision_config=dict(depth=2, embed_dim=32, hidden_size=64, num_heads=4)), [3]),
    ('LlavaForConditionalGeneration', 'LlavaConfig', dict(text_config={**text, 'model_type': 'llama'},
        vision_config={**vision, 'model_type': 'clip_vision_model'}), [3]),
    ('Idefics3ForConditionalGeneration', 'Idefics3Config',
        dict(text_config={**text, 'model_type': 'llama', 'pad_token_id': 0}, vision_config=vision), [3]),
    ('Gemma3ForConditionalGeneration', 'Gemma3Config', dict(text_config={**text, 'head_dim': 16}, vision_config=vision), [3]),
    ('Blip2ForConditionalGeneration', 'Blip2Config', dict(vision_config=vision, text_config=opt,
        qformer_config={**short, 'encoder_hidden_size': 32}), [3]),
    ('Qwen2AudioForConditionalGeneration', 'Qwen2AudioConfig', dict(text_config={**text, 'model_type': 'qwen2'},
        audio_config=dict(d_model=32, encoder_layers=4, encoder_ffn_dim=48, encoder_attention_heads=4)), [3]),
    ('CLIPModel', 'CLIPConfig', dict(text_config=short, vision_config=vision), [4]),
    ('SiglipModel', 'SiglipConfig', dict(text_config=short, vision_config=vision), [4]),
    ('CLIPVisionModel', 'CLIPVisionConfig', vision, [2]),
    ('WhisperForConditionalGeneration', 'WhisperConfig', {**halves, **speech}, [2, 3]),
    ('BartForConditionalGeneration', 'BartConfig', halves, [2, 3]),
    ('BartForCausalLM', 'BartConfig', {**halves, 'encoder_layers': 5}, [3]),
    ('MBartForConditionalGeneration', 'MBartConfig', halves, [2, 3]),
    ('MarianMTModel', 'MarianConfig', {**halves, 'pad_token_id': 0, 'decoder_start_token_id': 0}, [2, 3]),
    ('T5ForConditionalGeneration', 'T5Config', t5, [2, 4]),
    ('T5EncoderModel', 'T5Config', t5, [2]),
    ('Qwen3NextForCausalLM', 'Qwen3NextConfig', {**text, 'num_hidden_layers': 4, 'head_dim': 16, **experts, **linear}, [4]),
    ('DeepseekV3ForCausalLM', 'DeepseekV3Config', {**text, 'num_key_value_heads': 4, **latent}, [3]),
    ('Wav2Vec2ForCTC', 'Wav2Vec2Config', dict(hidden_size=64, intermediate_size=96, num_hidden_layers=3,
        num_attention_heads=4, vocab_size=32, conv_dim=(32, 32), conv_stride=(5, 2), conv_kernel=(10, 3),
        num_feat_extract_layers=2, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4), [3]),
    ('Dinov2Model', 'Dinov2Config', dict(hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
        image_size=28, patch_size=14), [3]),
    ('AlbertModel', 'AlbertConfig', {**short, 'embedding_size': 16}, [1]),
    ('SwinModel', 'SwinConfig', dict(embed_dim=16, depths=[2, 3], num_heads=[2, 4], image_size=32, window_size=4), [3]),
]

found = []
for name, configuration, settings, blocks in models:
    if not hasattr(T, name):
        continue
    with torch.device('meta'):
        model = getattr(T, name)(getattr(T, configuration)(**settings))
    tensors = [dict(name=key, shape=list(value.shape)) for key, value in model.state_dict().items()]
    config = json.loads(model.config.to_json_string(use_diff=True))
    found.append(dict(name=name, blocks=blocks, config=config, tensors=tensors))
print(json.dumps(found))
