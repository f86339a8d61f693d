"""Makes beams.json and tiny/ (a Hugging Face directory, fp32): all beams and their scores that transformers' generate
(5.23, torch 2.15) returns on a small random mT5, for several settings. Run: python make_beams.py"""
import json, os
import torch
from transformers import MT5Config, MT5ForConditionalGeneration
from safetensors.torch import save_file

torch.manual_seed(11)
torch.set_num_threads(1)
V = 48
config = MT5Config(vocab_size=V, d_model=16, d_kv=4, d_ff=24, num_layers=2, num_decoder_layers=2, num_heads=2,
                   relative_attention_num_buckets=8, relative_attention_max_distance=16, dropout_rate=0.0)
model = MT5ForConditionalGeneration(config).eval()
model.lm_head.weight = torch.nn.Parameter(torch.randn(V, 16) * 0.9)
with torch.no_grad():
    for name, p in model.named_parameters():
        if "relative" in name:
            p.mul_(3)
        elif "EncDecAttention.v" in name or "EncDecAttention.o" in name:
            p.mul_(2)
    # </s> along the mean state: likely now and then, so that beams end at different lengths
    hidden = model(input_ids=torch.randint(3, V, (8, 9)), decoder_input_ids=torch.randint(3, V, (8, 12)),
                   output_hidden_states=True).decoder_hidden_states[-1]
    mean = hidden.reshape(-1, 16).mean(0)
    model.lm_head.weight[1] = 6.5 * mean / mean.norm() ** 2
here = os.path.dirname(os.path.abspath(__file__))
os.makedirs(os.path.join(here, "tiny"), exist_ok=True)
save_file({k: v.detach().clone().contiguous() for k, v in model.state_dict().items() if "embed_tokens" not in k},
          os.path.join(here, "tiny", "model.safetensors"), metadata={"format": "pt"})
c = {k: getattr(config, k) for k in ["vocab_size", "d_model", "d_kv", "d_ff", "num_layers", "num_decoder_layers", "num_heads",
     "relative_attention_num_buckets", "relative_attention_max_distance", "dropout_rate", "layer_norm_epsilon", "feed_forward_proj",
     "pad_token_id", "eos_token_id", "decoder_start_token_id", "is_encoder_decoder"]}
c.update(model_type="mt5", tie_word_embeddings=False, architectures=["MT5ForConditionalGeneration"])
json.dump(c, open(os.path.join(here, "tiny", "config.json"), "w"), indent=2, sort_keys=True)

sources = [[5, 9, 30, 17, 42, 8, 7, 20, 33, 1], [12, 13, 1], [39] * 3 + list(range(10, 24)) + [1], [45, 7, 1], [28, 28, 3, 19, 44, 1]]
starts = [40, 41, 40, 0, 43]
L = max(map(len, sources))
ids = torch.tensor([s + [0] * (L - len(s)) for s in sources])
mask = torch.tensor([[1] * len(s) + [0] * (L - len(s)) for s in sources])
cases = []
for beams, penalty, ngram, length, stopping, banned in [
        (5, 0.6, 2, 20, False, [40, 41, 43]), (5, 0.6, 2, 84, False, [40, 41, 43]), (4, 1.0, 0, 12, False, []), (4, 1.0, 3, 20, True, [40]),
        (3, 2.0, 2, 16, "never", []), (2, 0.0, 1, 20, False, []), (5, 0.6, 2, 4, False, []), (5, -0.5, 2, 14, False, []),
        (8, 0.6, 2, 24, True, [40, 41, 42, 43]), (5, 1.0, 2, 2, False, []), (6, 0.6, 0, 30, "never", []), (3, 0.6, 4, 40, False, [])]:
    extra = {"suppress_tokens": banned} if banned else {}
    with torch.no_grad():
        out = model.generate(input_ids=ids, attention_mask=mask, decoder_start_token_id=starts, num_beams=beams,
                             num_return_sequences=beams, length_penalty=penalty, no_repeat_ngram_size=ngram, max_length=length,
                             early_stopping=stopping, do_sample=False, return_dict_in_generate=True, output_scores=True, **extra)
    found = []
    for row, score in zip(out.sequences.tolist(), out.sequences_scores.tolist()):
        tokens = row[1:]
        if 1 in tokens:
            tokens = tokens[:tokens.index(1) + 1]
        else:
            assert len(row) == length, row
        found.append({"tokens": tokens, "score": score})
    cases.append({"beams": beams, "length_penalty": penalty, "no_repeat_ngram": ngram, "max_length": length, "early_stopping": str(stopping),
                  "banned": banned, "found": [found[i:i + beams] for i in range(0, len(found), beams)]})
    print(beams, penalty, ngram, length, stopping, sorted(len(f["tokens"]) for f in found))
json.dump({"sources": sources, "starts": starts, "cases": cases}, open(os.path.join(here, "beams.json"), "w"))
