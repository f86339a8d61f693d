"""A BERT-base-shaped encoder with random weights: make_base.py LINES DIR

LINES is text, one summary a line, on which WordPiece of 30,000 pieces is trained. DIR becomes a sentence-transformers directory
(mean pooling, unit length) that both sides of bench/embed read: published weights would take the same time."""
import json
import os
import sys

import torch
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertModel

lines, out = sys.argv[1], sys.argv[2]
os.makedirs(os.path.join(out, "1_Pooling"), exist_ok=True)
tokenizer = BertWordPieceTokenizer(lowercase=False, strip_accents=False)
tokenizer.train([lines], vocab_size=30000, min_frequency=1, show_progress=False)
tokenizer.save_model(out)
size = tokenizer.get_vocab_size()
torch.manual_seed(1)
BertModel(BertConfig(vocab_size=size)).save_pretrained(out, safe_serialization=True)


def write(name, content):
    with open(os.path.join(out, name), "w") as file:
        json.dump(content, file, indent=1)


write("tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "do_lower_case": False, "strip_accents": False, "model_max_length": 512})
write("sentence_bert_config.json", {"max_seq_length": 512, "do_lower_case": False})
write("1_Pooling/config.json", {"word_embedding_dimension": 768, "pooling_mode_mean_tokens": True})
write("modules.json", [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}])
