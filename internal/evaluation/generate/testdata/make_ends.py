"""Makes ends.json: all beams and their scores that transformers' generate (5.24, torch 2.15) returns for tiny/ where eos_token_id is a list.
Run: python make_ends.py"""
import json, os
import torch
from transformers import MT5Config, MT5ForConditionalGeneration
from safetensors.torch import load_file

torch.set_num_threads(1)
here = os.path.dirname(os.path.abspath(__file__))
config = MT5Config(**{k: v for k, v in json.load(open(os.path.join(here, "tiny", "config.json"))).items() if k != "architectures"})
model = MT5ForConditionalGeneration(config).eval()
weights = load_file(os.path.join(here, "tiny", "model.safetensors"))
model.lm_head.weight = torch.nn.Parameter(weights["lm_head.weight"].clone())
missing = model.load_state_dict(weights, strict=False).missing_keys
assert all("embed_tokens" in name for name in missing), missing
told = json.load(open(os.path.join(here, "beams.json")))
sources, starts = told["sources"], told["starts"]
L = max(map(len, sources))
ids = torch.tensor([s + [0] * (L - len(s)) for s in sources])
mask = torch.tensor([[1] * len(s) + [0] * (L - len(s)) for s in sources])
cases = []
for beams, penalty, ngram, length, stopping, ends in [
        (5, 0.6, 2, 20, False, [1, 17]), (4, 1.0, 3, 24, True, [1, 9, 30]), (3, 2.0, 2, 16, "never", [33, 1]), (2, 0.6, 0, 30, False, [1, 5, 6, 7, 8]),
        (1, 1.0, 2, 20, False, [1, 20])]:
    extra = {} if beams > 1 else {"length_penalty": None}
    with torch.no_grad():
        out = model.generate(input_ids=ids, attention_mask=mask, decoder_start_token_id=starts, num_beams=beams, eos_token_id=ends,
                             num_return_sequences=beams, no_repeat_ngram_size=ngram, max_length=length, pad_token_id=0, do_sample=False,
                             return_dict_in_generate=True, output_scores=True,
                             **({"length_penalty": penalty, "early_stopping": stopping} if beams > 1 else {}))
    scores = out.sequences_scores.tolist() if beams > 1 else [None] * len(sources)
    found = []
    for row, score in zip(out.sequences.tolist(), scores):
        tokens = row[1:]
        at = next((i for i, token in enumerate(tokens) if token in ends), None)
        found.append({"tokens": tokens[:at + 1] if at is not None else tokens, "score": score or 0})
    cases.append({"beams": beams, "length_penalty": penalty, "no_repeat_ngram": ngram, "max_length": length, "early_stopping": str(stopping),
                  "ends": ends, "found": [found[i:i + beams] for i in range(0, len(found), beams)]})
    print(beams, ends, sorted(len(f["tokens"]) for f in found), sorted({f["tokens"][-1] for f in found}))
json.dump({"cases": cases}, open(os.path.join(here, "ends.json"), "w"))
