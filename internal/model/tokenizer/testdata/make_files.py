"""Writes files.json.gz: Unigram and WordPiece tokenizers as tokenizer.json describes them, and the ids that the Python package tokenizers 0.23.3 gives.

    python3 internal/model/tokenizer/testdata/make_files.py

The vocabulary has 2,500 pieces that SentencePiece trained on the shipped sample, the map is its nmt_nfkc. Texts are those of the encoders' fixture,
some more of what graphemes, white space and added tokens make different, and every hundredth of the sample. WordPiece has the same pieces, "##" within words. In the
fixture the files name vocabularies and map as "VOCABULARY", "WORDPIECES" and "MAP", which stand there once.
"""
import base64
import glob
import gzip
import io
import json
import os
import tempfile

import pyarrow
import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import Tokenizer

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.join(here, "..", "..", "..", "..")

MORE = [
    "か\u3099き\u3099 カ\u3099フ\u309a", "ｶﾞｷﾞｸﾞ ﾊﾟﾋﾟ ｱｲｳ", "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165", "\u1100\u0301\u1161\u11a8\u0301", "\u0915\u093c\u0916\u093c\u0917\u093c \u0a38\u0a3c \u09a1\u09bc",
    "क़ ख़ ग़ ज़ ड़ ढ़ फ़ य़", "o\u0300\u0323 e\u0302\u0323 a\u0301\u0323", "\u212b\u0301 \u00aa\u20e3 \u2122\u0301 \u00b5\u0308", "\u2126\u0345 \uf900\u0301", "a\u00a0b\u1680c\u2000d\u2003e\u200af\u202fg\u205fh\u3000i",
    "\u3000\u3000ideographic\u3000 space \u3000", "\u2028\u2029 lines \u0085 next", "\u00a0\u00a0", "\u200b\u200b zero \u200c\u200d\u2060\ufeff", "▁▁ a ▁b▁ c▁", "\u2581\u3000\u2581", "x\u0008y\u001fz\u007f",
    "</s>", "a </s> b", " <s>hello</s>", "<mask>", "fill the <mask> in", "fill the   <mask>", "the<mask>in", "<unk> <pad>", "<S> </S> <Mask>", "<s", "s>", "<<s>>",
    "<2en> hello", "<2en>hello", "hello<2en>", "a <2en> b", "<2EN> <2en><2de>", "＜2en＞ wide", "<2e\u0301n>", "New York", "in New York city", "inNew York", "New Yorker", "new york", "New  York", "New\u00a0York",
    "cat cats concat cat. cat", "the cat_1", "trim  <trim>  me", "trim<trim>me", "  <trim>  ", "<trim><trim>", "<trim> <2en> <trim>", "<left> a <left>  b", "a  <right>  b", "library", " library ", "日本語</s>日本語",
    "🎉🎉🎉 🎉a🎉", "𠀀𠀁", "a𠀀b", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "...", "a.b,c!d?e;f", "(x) [y] {z} \"q\" 'r' ~`@#$%^&*-_=+|\\/<>", "\u0000", "a\u0000b", "\r\n\r\n", "a\r\nb", "\u0301", "a\u0301\u0302\u0303",
    "ﷺ", "ﬀ\u0301ﬁ", "½\u0301", "ǆ ŉ ſ ẛ\u0323", "İ ı ß ẞ Σς", "①②③ Ⅳ ㍿ ㎏", "𝒜\u0301", "\u0600a \u06dd1", "\u00ad\u0301", "\u0e33\u0e49 \u0eb3", "\u1e9b\u0323", "\u0344 \u0340\u0341 \u0374 \u037e \u0387", "\ufb1d \ufb2a",
]


def read_sample():
    for path in sorted(glob.glob(os.path.join(root, "corpus", "sample", "*.jsonl.zst"))):
        with pyarrow.input_stream(path, compression="zstd") as f:
            for line in io.TextIOWrapper(f, encoding="utf-8", newline="\n"):
                row = json.loads(line)
                yield row["summary"]
                yield row["text"]


def train(texts):
    with tempfile.TemporaryDirectory() as work:
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(t for t in texts if t), model_prefix=work + "/spm", vocab_size=2500, character_coverage=0.98,
                                                 model_type="unigram", unk_id=0, bos_id=1, eos_id=2, pad_id=-1, minloglevel=2, num_threads=1)
        model = proto.ModelProto.FromString(open(work + "/spm.model", "rb").read())
    pieces = [(p.piece, p.score) for p in model.pieces][3:]
    return [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)] + pieces + [("<mask>", 0.0)], base64.b64encode(model.normalizer_spec.precompiled_charsmap).decode()


def token(id, content, **flags):
    return {"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True, **flags}


def describe(n, m):
    """Tokenizers by name; n pieces, and <mask> the last of them; m pieces of WordPiece."""
    xlmr = [token(i, t) for i, t in enumerate(["<s>", "<pad>", "</s>", "<unk>"])] + [token(n - 1, "<mask>", lstrip=True)]
    plain = dict(normalized=True, special=False)
    added = [token(n, "<2en>", **plain), token(n + 1, "<2de>"), token(n + 2, "New York", **plain), token(n + 3, "cat", single_word=True, **plain),
             token(n + 4, "<trim>", lstrip=True, rstrip=True), token(n + 5, "<left>", lstrip=True, **plain), token(n + 6, "<right>", rstrip=True, special=False),
             token(n + 7, "日本語", **plain), token(n - 2, "New", single_word=True, special=False)]
    around = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
              "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
              "special_tokens": {t: {"id": t, "ids": [i], "tokens": [t]} for t, i in [("<s>", 0), ("</s>", 2)]}}
    precompiled = {"type": "Precompiled", "precompiled_charsmap": "MAP"}
    sequence = lambda *steps: {"type": "Sequence", "normalizers": list(steps)}
    replace = lambda kind, pattern, content: {"type": "Replace", "pattern": {kind: pattern}, "content": content}
    strip = lambda left, right: {"type": "Strip", "strip_left": left, "strip_right": right}
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    words = {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]}
    whole = {**metaspace, "split": False}
    bert = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}
    punctuation = [replace("String", c, " %s " % c) for c in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"]

    def file(normalizer, pre_tokenizer, tokens=(), post_processor=None, fallback=False):
        return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": list(tokens), "normalizer": normalizer, "pre_tokenizer": pre_tokenizer,
                "post_processor": post_processor, "decoder": None, "model": {"type": "Unigram", "unk_id": 3, "vocab": "VOCABULARY", "byte_fallback": fallback}}

    def wordpiece(normalizer, tokens):
        return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens, "normalizer": normalizer, "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": None, "decoder": None,
                "model": {"type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": "WORDPIECES"}}

    wordpieces = [token(i, t) for i, t in enumerate(["<s>", "<pad>", "</s>", "<unk>"])]
    return {
        "XLM-R": file(precompiled, words, xlmr, around),
        "paraphrase-multilingual": file(sequence(precompiled, strip(False, True), replace("Regex", " {2,}", "▁")), words, xlmr, around),
        "spaces alone": file(sequence(precompiled, replace("Regex", " {2,}", " ")), metaspace, xlmr),
        "whole texts": file(precompiled, whole, xlmr),
        "added tokens": file(precompiled, words, xlmr + added, around),
        "added tokens, spaces alone": file(sequence(strip(True, True), precompiled), metaspace, added),
        "model2vec": file(sequence(precompiled, *punctuation, replace("Regex", "\\s+", " "), strip(True, True)), whole, added[:1] + [token(n + 1, "New York", **plain)]),
        "model2vec, lower case": file(sequence(bert, *punctuation, replace("Regex", "\\s+", " "), strip(True, True)), whole, [token(0, "<s>", **plain)]),
        "lower case": file(sequence({"type": "Lowercase"}, strip(True, False)), words, [token(n, "New York", **plain), token(n + 1, "<2EN>", **plain)]),
        "no normalizer": file(None, metaspace),
        "bytes": file(precompiled, words, [], None, True),
        "WordPiece": wordpiece(bert, wordpieces),
        "WordPiece, added tokens": wordpiece(bert, wordpieces + [token(m, "<2en>", **plain), token(m + 1, "<2DE>"), token(m + 2, "New York", **plain), token(m + 3, "cat", single_word=True, **plain),
                                             token(m + 4, "<trim>", lstrip=True, rstrip=True), token(m + 5, "<left>", lstrip=True, **plain)]),
        "WordPiece, cased": wordpiece({**bert, "lowercase": False, "handle_chinese_chars": False}, [token(m, "<2en>", **plain), token(m + 1, "Ｎew York", **plain)]),
    }


def main():
    everything = list(read_sample())
    vocabulary, charsmap = train(everything[::3])
    vocabulary[-1:] = [("<0x%02X>" % b, -20.0) for b in range(256) if b not in (0xF3, 0xF4)] + vocabulary[-1:]
    vocabulary[-1:] = [("aa", -3.0), ("aa", -9.0), ("New", -5.0)] + vocabulary[-1:]  # a piece twice: the last counts
    texts = json.load(gzip.open(os.path.join(here, "..", "..", "encode", "testdata", "encoders.json.gz")))["texts"] + MORE
    texts = list(dict.fromkeys(texts + [t[:300] for t in everything[::100]] + ["aaaa aa a"]))
    wordpieces = list(dict.fromkeys([p for p, _ in vocabulary[:4]] + [p[1:] if p[0] == "▁" else "##" + p for p, _ in vocabulary[4:] if p != "▁"] + [c for p, _ in vocabulary[4:] for c in p]))
    wordpieces = {p: i for i, p in enumerate(wordpieces)}
    files, ids = describe(len(vocabulary), len(wordpieces)), {}
    for name, file in files.items():
        content = json.dumps(file).replace('"VOCABULARY"', json.dumps(vocabulary)).replace('"WORDPIECES"', json.dumps(wordpieces)).replace('"MAP"', json.dumps(charsmap))
        peer = Tokenizer.from_str(content)
        ids[name] = [e.ids for e in peer.encode_batch(texts)]
    with gzip.GzipFile(os.path.join(here, "files.json.gz"), "wb", 9, mtime=0) as f:
        f.write(json.dumps({"vocabulary": vocabulary, "wordpieces": wordpieces, "map": charsmap, "texts": texts, "files": files, "ids": ids}, ensure_ascii=False).encode())
    print(len(vocabulary), "pieces,", len(texts), "texts,", len(files), "files")


main()
