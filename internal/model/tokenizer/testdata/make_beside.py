"""Writes beside.json.gz: directories of XLM-R and T5 that add tokens to their SentencePiece model, and the ids that transformers' own Python code gives.

    python3 internal/model/tokenizer/testdata/make_beside.py

transformers 4.57.6 (5 has no such code any more), sentencepiece 0.2.2 or newer. Control tokens that a text spells out are left out of the texts: there SentencePiece is right.
"""
import base64
import gzip
import json
import os
import tempfile

import sentencepiece
from transformers import T5Tokenizer, XLMRobertaTokenizer

TEXTS = [
    "", "hello world", "<2en> hello world", "<2en>hello", "hello<2en>", "hello <2en> world", " <2en>  <2en> x", "<2en><2de><2en>", "<2en", "2en>", "<2EN> <2En>", "a\u3000<2de>\u2003b", "<2de>\n<2en>\t",
    "New York", "in New York city", "NewYork New  York", "e\u0302\u0323<2en>o\u0300\u0323", "日本語<2en>日本語", "＜2en＞", "<2en>▁<2de>", "🎉<2en>🎉", "<2e\u0301n>", "program <trim> files", "program<trim>files", "  <trim>  ",
    "<extra_id_0> one <extra_id_5>", "x<extra_id_99>y", "<extra_id_100> <extra_id_>", "<2en> " * 40, "the small program " * 30 + "<2de>",
]
MORE = {"added_tokens.json": {"<2en>": 0, "<2de>": 1, "New York": 2, "<trim>": 3}}


def train(path, **special):
    syllables = [a + b for a in "bcdfghklmnprstvw" for b in ("a", "e", "i", "o", "u", "an", "er", "ing")]
    lines = ["the small program %s reads %s files of %s" % tuple("".join(syllables[(i * k + j * j) % 128] for j in range(k % 4 + 1)) for k in (7, 11, 13)) for i in range(900)]
    lines += ["hello world in New York city"] * 20 + ["日本語 の プログラム", "NEW York Ｙork"] * 5
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_prefix=path, vocab_size=246, character_coverage=1.0, model_type="unigram", minloglevel=2, num_threads=1, **special)
    return path + ".model"


def flags(content, **more):
    return {"content": content, "lstrip": False, "rstrip": False, "normalized": True, "single_word": False, "special": False, **more}


def cases(kind, n):
    """Files of each directory; n is the first free id."""
    named = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    config = {"tokenizer_class": "XLMRobertaTokenizer" if kind == "xlmr" else "T5Tokenizer", **named}
    if kind == "t5":
        config.update(extra_ids=0, legacy=True, additional_special_tokens=[])
    first = {text: n + i for text, i in MORE["added_tokens.json"].items()}
    decoder = {str(n): flags("<2en>"), str(n + 1): flags("<2de>", special=True, normalized=False), str(n + 2): flags("New York", lstrip=True), str(n + 3): flags("<trim>", lstrip=True, rstrip=True)}
    own = {"0": flags("<s>", special=True), "1": flags("<pad>", special=True), "2": flags("</s>", special=True), "3": flags("<unk>", special=True), str(n - 1): flags("<mask>", special=True, lstrip=True)}
    if kind == "t5":
        own = {"0": flags("<pad>", special=True), "1": flags("</s>", special=True), "2": flags("<unk>", special=True)}
    out = {
        kind + ", one": {"tokenizer_config.json": config, "added_tokens.json": {"<2en>": n}},
        kind + ", added_tokens.json": {"tokenizer_config.json": config, "added_tokens.json": first},
        kind + ", added_tokens_decoder": {"tokenizer_config.json": {**config, "added_tokens_decoder": {**own, **decoder}}},
        kind + ", special": {"tokenizer_config.json": {**config, "additional_special_tokens": ["<2en>", "<2de>"]}, "added_tokens.json": first,
                             "special_tokens_map.json": {**named, "additional_special_tokens": ["<2en>", "<2de>"]}},
    }
    if kind == "t5":
        sentinels = ["<extra_id_%d>" % i for i in range(100)]
        out["t5, sentinels"] = {"tokenizer_config.json": {**config, "extra_ids": 100, "additional_special_tokens": sentinels},
                                "special_tokens_map.json": {**named, "additional_special_tokens": sentinels}}
        out["t5, sentinels with ids"] = {"tokenizer_config.json": {**config, "extra_ids": 100, "additional_special_tokens": sentinels,
                                         "added_tokens_decoder": {**own, **{str(n + 99 - i): flags("<extra_id_%d>" % i, special=True, lstrip=True, rstrip=True) for i in range(100)}, str(n + 100): flags("<2en>")}}}
    return out


def main():
    models, directories = {}, {}
    with tempfile.TemporaryDirectory() as work:
        for kind, peer, name, special in [("xlmr", XLMRobertaTokenizer, "sentencepiece.bpe.model", dict(unk_id=0, bos_id=1, eos_id=2, pad_id=-1)),
                                          ("t5", T5Tokenizer, "spiece.model", dict(pad_id=0, eos_id=1, unk_id=2, bos_id=-1))]:
            with open(train(work + "/" + kind, **special), "rb") as f:
                model = f.read()
            models[kind] = base64.b64encode(model).decode()
            n = sentencepiece.SentencePieceProcessor(model_proto=model).get_piece_size() + (2 if kind == "xlmr" else 0)
            print(kind, n)
            for case, files in cases(kind, n).items():
                folder = os.path.join(work, case)
                os.mkdir(folder)
                with open(os.path.join(folder, name), "wb") as f:
                    f.write(model)
                for file, content in files.items():
                    with open(os.path.join(folder, file), "w") as f:
                        json.dump(content, f)
                tokenizer = peer.from_pretrained(folder)
                ids = [tokenizer(t)["input_ids"] for t in TEXTS]
                assert "sentinels" in case or max(max(i) for i in ids) >= n
                directories[case] = {"model": name, "kind": kind, "rows": n + 101, "files": files, "ids": ids}
    with gzip.GzipFile(os.path.join(os.path.dirname(os.path.abspath(__file__)), "beside.json.gz"), "wb", 9, mtime=0) as f:
        f.write(json.dumps({"models": models, "texts": TEXTS, "directories": directories}, ensure_ascii=False).encode())


main()
