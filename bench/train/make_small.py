"""Random weights in mT5-small's shape: make_small.py FROM DIR

300 M parameters, vocabulary 250,112, 8 + 8 layers. Vocabulary and start tokens are those of the model FROM: published weights would take
the same time. Writes 1.2 GB."""
import json
import os
import shutil
import sys

import torch
from safetensors.torch import save_file
from transformers import MT5Config, MT5ForConditionalGeneration

source, out = sys.argv[1], sys.argv[2]
os.makedirs(out, exist_ok=True)
with open(os.path.join(source, "config.json")) as file:
    config = json.load(file)
config.update(vocab_size=250112, d_model=512, d_kv=64, d_ff=1024, num_layers=8, num_decoder_layers=8, num_heads=6)
for name in ("spiece.model", "tokenizer_config.json", "generation_config.json"):
    shutil.copy(os.path.join(source, name), out)
with open(os.path.join(out, "config.json"), "w") as file:
    json.dump(config, file, indent=1)
torch.manual_seed(1)
weights = {n: w for n, w in MT5ForConditionalGeneration(MT5Config(**config)).state_dict().items() if "embed_tokens" not in n}
weights["lm_head.weight"] = torch.randn(config["vocab_size"], config["d_model"]) * config["d_model"] ** -0.5
save_file(weights, os.path.join(out, "model.safetensors"), metadata={"format": "pt"})
