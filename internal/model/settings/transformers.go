package settings

import "maps"

// Silent are the fields that transformers writes into config.json of any model, from 4.20 to 5.24, and that change nothing of what the model
// computes (testdata/fields.tsv has what its configuration classes know): names, versions and how it was loaded; labels; what else is
// returned; and the defaults of generate(), which a caller of this project states itself.
const Silent = "_attn_implementation _attn_implementation_autoset _attn_implementation_internal _auto_class _commit_hash _experts_implementation " +
	"_from_model_config _name_or_path _output_attentions _post_init_done _pre_quantization_dtype architectures attn_implementation " +
	"base_model_ep_plan base_model_fsdp_plan base_model_pp_plan base_model_tp_plan chunk_size_feed_forward custom_pipelines dtype " +
	"experts_implementation gradient_checkpointing name_or_path tf_legacy_loss tokenizer_class torch_dtype torchscript " +
	"transformers_version use_bfloat16 use_cache xla_device " +

	"finetuning_task id2label label2id num_labels problem_type " +

	"output_attentions output_hidden_states output_logits output_past output_scores return_dict return_dict_in_generate return_legacy_cache " +

	"_bos_token_tensor _decoder_start_token_tensor _eos_token_tensor _mask_length _original_object_hash _pad_token_tensor " +
	"assistant_confidence_threshold assistant_early_exit assistant_ensemble_weight assistant_lookbehind bad_words_ids begin_suppress_tokens " +
	"bos_token_id cache_config cache_implementation compile_config constraints continuous_batching_config disable_compile diversity_penalty " +
	"do_sample dola_layers early_stopping encoder_no_repeat_ngram_size encoder_repetition_penalty epsilon_cutoff eta_cutoff " +
	"exponential_decay_length_penalty force_bos_token_to_be_generated force_words_ids forced_bos_token_id forced_decoder_ids " +
	"forced_eos_token_id generation_kwargs guidance_scale is_assistant length_penalty low_memory max_cache_len max_length " +
	"max_matching_ngram_size max_new_tokens max_time min_length min_new_tokens min_p no_repeat_ngram_size num_assistant_tokens " +
	"num_assistant_tokens_schedule num_beam_groups num_beams num_return_sequences penalty_alpha prefill_chunk_size prefix " +
	"prompt_lookup_num_tokens remove_invalid_values renormalize_logits repetition_penalty sep_token_id sequence_bias speculation_type " +
	"stop_strings suppress_tokens target_lookbehind task_specific_params temperature token_healing top_h top_k top_p typical_p use_mtp " +
	"watermarking_config "

// Fixed are the fields of any model's config.json that change what it computes, with the values that are supported; own are more of them.
func Fixed(own map[string]string) map[string]string {
	fixed := map[string]string{
		"is_decoder": "false null", "add_cross_attention": "false null", "cross_attention_hidden_size": "null", "tie_encoder_decoder": "false null",
		"pruned_heads": "{} null", "quantization_config": "null", "auto_map": "null", "per_layer_config": "null",
	}
	maps.Copy(fixed, own)
	return fixed
}
