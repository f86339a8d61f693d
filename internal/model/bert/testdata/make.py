"""Writes tiny/: a random BertModel of a few kB, and what transformers computes with it.

    python3 internal/model/bert/testdata/make.py internal/model/bert/testdata/tiny
"""
import json
import os
import sys

import torch
from transformers import BertConfig, BertModel

IDS = [[0, 5, 6, 7, 8, 9, 2], [0, 11, 12, 2, 1, 1, 1], [0, 39, 38, 37, 3, 2, 1]]
LENGTHS = [7, 4, 6]


def main(directory):
    torch.manual_seed(7)
    config = BertConfig(vocab_size=40, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24,
                        max_position_embeddings=12, type_vocab_size=2)
    model = BertModel(config, add_pooling_layer=False).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn_like(p) * 0.3)  # so that biases, norms and attention differ visibly from their start
    model.save_pretrained(directory, safe_serialization=True)
    mask = torch.tensor([[1] * n + [0] * (7 - n) for n in LENGTHS])
    with torch.no_grad():
        states = model(torch.tensor(IDS), attention_mask=mask).last_hidden_state
    with open(os.path.join(directory, "expected.json"), "w") as f:
        json.dump({"ids": IDS, "lengths": LENGTHS, "states": [round(x, 7) for x in states.flatten().tolist()]}, f)


main(*sys.argv[1:])
