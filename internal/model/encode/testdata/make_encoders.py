"""Writes encoders.tar.zst, small encoders with random weights in every layout that is read, and encoders.json.gz, the token
ids and embeddings that transformers and sentence-transformers give for real and hostile texts.

    python3 internal/model/encode/testdata/make_encoders.py corpus/sample internal/model/encode/testdata [WORK]

The WordPiece vocabulary has 30,000 pieces trained on the sample (cased, as LaBSE's), the other tokenizers 4,000. Word rows
repeat after 250 so that they compress; a wrong id is found by the ids. SentencePiece normalizes by a small map of its own: the
real one is tested with the default encoder. With WORK the directories stay there.

Texts are cut at max_tokens of each directory. Where there is a SentencePiece file, ids are SentencePiece's own; where there is none, they are those of
the package tokenizers for tokenizer.json. Texts for which transformers has others are counted: it makes control ids of tokens that a text spells out,
and reads less of a tokenizer.json than the file says. Long texts are listed with the SHA-256 of all their ids (int32, little endian), uncut.
"""
import base64
import glob
import gzip
import hashlib
import io
import json
import os
import shutil
import sys
import tarfile
import tempfile
import unicodedata

import pyarrow
import sentencepiece
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, StaticEmbedding, Transformer
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, XLMRobertaConfig, XLMRobertaModel

HIDDEN = 16
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
HOSTILE = [
    "", " ", "\t\n \r\n", "   leading and   inner    spaces  ", "tab\tand\nnew\r\nlines\x0b\x0c\x85end", "null\0byte and \x01\x02\x7f controls",
    "\ufeffBOM first", "emoji 👩‍👩‍👧‍👦 🎉 👍🏽 🇩🇪 ❤️", "\u200d\u200d", "e\u0301te\u0301 in NFD: cafe\u0301", "\u1112\u1161\u11ab\u1100\u1173\u11af",
    "\u202eright to left override\u202c", "\u200e\u200fmarks שלום עולם \u2067x\u2069", "مرحبا بالعالم ١٢٣ ﷺ", "ﬁne ① ㍿ ½ ™ Ⅷ ǅ ẞ ﬀ", "zero\u200bwidth\u200cnon\u200djoiner\u2060",
    "soft\u00adhyphen", "න්‍ය", "क्ष ज़ \u0928\u093c", "a\u0300\u0301\u0302\u0303 stacked", "\u0301 \u0308\u0327 lone marks \u20e3", "\u093c\u09bc",
    "▁ meta ▁space", "\U0001fbf0 \u32ff \uab69", "\ue000\uf8ff private use \U000f0000", "\ufffd\ufffe\uffff", "\u0378\u0558 \U000e0fff unassigned\u2fe0",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝒎𝒂𝒕𝒉", "...!!!???;;;:::", "¿qué? «sí» —no— „ja“ 「はい」 、。", "Å\u212b A\u030a", "İstanbul IĞDIR ıi", "ΣΊΣΥΦΟΣ ὈΔΥΣΣΕΎΣ", "STRASSE straße",
    "###tag ##tag #tag", "$9.99 + 5% = x^2 ~ `q` | <b> {c} [d] \\e", "w" * 100, "w" * 101, "程序" * 60, "가" * 101, "word, " * 900, "あ" * 600, "ж" * 1000,
    "漢字kana混じりABC", "㐀 豈 \U00020000 \U0002b740 \U0002b81d \U0002b820 \U0002ceb0 \U00030000", "เ\u0e49 ภาษาไทย", "ᠮᠣᠩᠭᠣᠯ \u180e x", "\U0001e922\U00010d50 \u1c89\ua7cb",
    "a" + "\u0301" * 40 + "b", "\u0344\u0958\u2126\ufb1d", "x\u2028y\u2029z\u00a0w\u3000v\u1680u",
    "o\u0300\u0323 e\u0302\u0323", "a\u0301\u0323b", "か\u3099 カ\u3099 ﾊﾟ", "\u0915\u093c \u0a38\u0a3c",
]
SPELLED = ["[CLS] [SEP] [PAD] [MASK] [UNK]", "a[SEP]b[MASK]c", "[sep] [SEP", "[MASK][MASK]##a", "</s> <s> <pad> <mask> <unk>", "a</s>b<mask>c", "ｶﾞｷﾞ half width"]
LONG = ["library " * 10000, "a " * 10000, "изображений, " * 5000, "プログラム" * 4000, "é\u0301" * 10000]


def sample(folder):
    lines = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.jsonl.zst"))):
        with pyarrow.input_stream(path, compression="zstd") as f:
            rows = [json.loads(line) for line in io.TextIOWrapper(f, encoding="utf-8")]
        lines[os.path.basename(path).split(".")[0]] = [r["summary"] for r in rows] + [r.get("text", "")[:400] for r in rows]
    return lines


def train_wordpiece(lines, size, lower):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=lower)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(lines, trainers.WordPieceTrainer(vocab_size=size, special_tokens=SPECIAL, show_progress=False))
    return t


def write_rules(path):
    """A normalization map: white space, full-width letters, ligatures and what else NFKC changes in some blocks."""
    rules = {c: " " for c in [9, 10, 13, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x3000, 0x200B, 0xFEFF]}
    rules.update({c: "" for c in [*range(1, 9), 0xB, 0xC, 0x7F, 0xAD]})
    for c in [*range(0xB2, 0xBF), *range(0x2160, 0x2180), *range(0x2460, 0x2474), *range(0x3300, 0x3358), *range(0xFB00, 0xFB07), *range(0xFF01, 0xFFA0)]:
        if unicodedata.normalize("NFKC", chr(c)) != chr(c):
            rules[c] = unicodedata.normalize("NFKC", chr(c))
    with open(path, "w") as f:
        for c, to in sorted(rules.items()):
            f.write("%X\t%s\n" % (c, " ".join("%X" % ord(x) for x in to)))


def shake(model):
    """Makes every parameter matter; word rows repeat so that the file compresses."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.add_(torch.randn_like(p) * 0.3)
            if "word_embeddings" in name:
                p.copy_(p[torch.arange(len(p)) % 250])
            p.copy_(p.bfloat16().float())
    return model.eval()


def write_json(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        json.dump(value, f, indent=1, sort_keys=True, ensure_ascii=False)


def bert_settings(**more):
    return {"do_lower_case": False, "strip_accents": None, "tokenize_chinese_chars": True, "model_max_length": 512, "tokenizer_class": "BertTokenizer",
            **{n + "_token": "[" + n.upper() + "]" for n in ("unk", "cls", "sep", "pad", "mask")}, **more}


def modules(path, *steps):
    """modules.json and the settings as sentence-transformers before 5.2 wrote them, which published directories have."""
    write_json(path + "/modules.json", [{"idx": i, "name": str(i), "path": p, "type": "sentence_transformers.models." + t} for i, (p, t) in enumerate(steps)])


def make(work, lines):
    everything = [t for language in lines.values() for t in language]
    cased = train_wordpiece(everything, 30000, False).get_vocab()
    vocabulary = sorted(cased, key=cased.get)
    print(len(vocabulary), "pieces")
    torch.manual_seed(7)
    shape = dict(hidden_size=HIDDEN, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24)

    # LaBSE as a plain BertModel with pooler: vocab.txt, weights in two shards.
    plain = work + "/labse-plain"
    bert = shake(BertModel(BertConfig(vocab_size=len(vocabulary), pooler_fc_size=HIDDEN, pooler_type="first_token_transform", directionality="bidi", **shape)))
    bert.save_pretrained(plain, max_shard_size="1MB")
    assert os.path.exists(plain + "/model.safetensors.index.json")
    with open(plain + "/vocab.txt", "w", encoding="utf-8", newline="\n") as f:
        f.write("\n".join(vocabulary) + "\n")
    write_json(plain + "/tokenizer_config.json", bert_settings())
    write_json(plain + "/special_tokens_map.json", {n + "_token": "[" + n.upper() + "]" for n in ("unk", "cls", "sep", "pad", "mask")})

    # LaBSE of sentence-transformers: CLS, Dense with tanh, Normalize; bf16 weights; special tokens of a text are text.
    st = work + "/labse-modules"
    os.makedirs(st + "/2_Dense")
    shutil.copy(plain + "/vocab.txt", st)
    write_json(st + "/tokenizer_config.json", bert_settings(split_special_tokens=True, do_lower_case=True, strip_accents=False))
    small = {"embeddings.position_ids": torch.arange(512).unsqueeze(0)}
    small.update({k: v.bfloat16().contiguous() for k, v in bert.state_dict().items() if not k.startswith("pooler")})
    save_file(small, st + "/model.safetensors", {"format": "pt"})
    write_json(st + "/config.json", {**json.load(open(plain + "/config.json")), "dtype": "float32"})
    dense = shake(torch.nn.Linear(HIDDEN, 12))
    save_file({"linear.weight": dense.weight.detach(), "linear.bias": dense.bias.detach()}, st + "/2_Dense/model.safetensors")
    write_json(st + "/2_Dense/config.json", {"in_features": HIDDEN, "out_features": 12, "bias": True, "activation_function": "torch.nn.modules.activation.Tanh"})
    write_json(st + "/1_Pooling/config.json", {"word_embedding_dimension": HIDDEN, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False,
                                               "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False})
    write_json(st + "/sentence_bert_config.json", {"max_seq_length": 256, "do_lower_case": False})
    os.makedirs(st + "/3_Normalize")
    modules(st, ("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Dense", "Dense"), ("3_Normalize", "Normalize"))

    # XLM-R: SentencePiece, model_type xlm-roberta, mean, not of unit length (paraphrase-multilingual-mpnet-base-v2).
    xlmr = work + "/xlm-roberta"
    spm = work + "/spm"
    write_rules(spm + ".tsv")
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(t for t in everything if t), model_prefix=spm, vocab_size=4000, character_coverage=0.99,
                                             model_type="unigram", unk_id=0, bos_id=1, eos_id=2, pad_id=-1, minloglevel=2,
                                             normalization_rule_tsv=spm + ".tsv")
    pieces = sentencepiece.SentencePieceProcessor(spm + ".model")
    rows = pieces.get_piece_size() + 2
    config = XLMRobertaConfig(vocab_size=rows, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, **shape)
    shake(XLMRobertaModel(config, add_pooling_layer=False)).save_pretrained(xlmr)
    shutil.copy(spm + ".model", xlmr + "/sentencepiece.bpe.model")
    tokens = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    write_json(xlmr + "/tokenizer_config.json", {**tokens, "mask_token": {"__type": "AddedToken", "content": "<mask>", "lstrip": True, "rstrip": False,
               "normalized": True, "single_word": False}, "model_max_length": 512, "tokenizer_class": "XLMRobertaTokenizer"})
    write_json(xlmr + "/1_Pooling/config.json", {"word_embedding_dimension": HIDDEN, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True,
                                                 "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False})
    modules(xlmr, ("", "Transformer"), ("1_Pooling", "Pooling"))

    # paraphrase-multilingual-MiniLM: model_type bert, XLM-R's pieces in tokenizer.json alone, settings of BERT beside it.
    mini = work + "/minilm"
    shake(BertModel(BertConfig(vocab_size=rows + 5, **shape), add_pooling_layer=False)).save_pretrained(mini)
    unigram = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)] + [(pieces.id_to_piece(i), pieces.get_score(i)) for i in range(3, rows - 2)] + [("<mask>", 0.0)]
    t = Tokenizer(models.Unigram(unigram, unk_id=3))
    from sentencepiece import sentencepiece_model_pb2 as proto
    spec = proto.ModelProto.FromString(open(spm + ".model", "rb").read()).normalizer_spec
    t.normalizer = normalizers.Sequence([normalizers.Precompiled(spec.precompiled_charsmap), normalizers.Strip(left=False, right=True), normalizers.Replace(__import__("tokenizers").Regex(" {2,}"), "▁")])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    t.decoder = decoders.Metaspace()
    t.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    t.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    t.save(mini + "/tokenizer.json")
    write_json(mini + "/tokenizer_config.json", {**tokens, "mask_token": "<mask>", "do_lower_case": True, "tokenize_chinese_chars": True, "strip_accents": None,
               "model_max_length": 512, "special_tokens_map_file": None, "name_or_path": "old_models/x/0_Transformer", "tokenizer_class": "PreTrainedTokenizerFast"})
    shutil.copytree(xlmr + "/1_Pooling", mini + "/1_Pooling")
    write_json(mini + "/sentence_bert_config.json", {"max_seq_length": 128})
    modules(mini, ("", "Transformer"), ("1_Pooling", "Pooling"))

    # StaticEmbedding: WordPiece without case and accents, of unit length; Unigram, not of unit length. As written today.
    lower = train_wordpiece(everything, 4000, True)
    lower.add_special_tokens(SPECIAL)
    lower.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    table = lambda n: torch.randn(250, HIDDEN)[torch.arange(n) % 250].bfloat16().float()
    SentenceTransformer(modules=[StaticEmbedding(lower, embedding_weights=table(lower.get_vocab_size())), Normalize()]).save(work + "/static")
    SentenceTransformer(modules=[StaticEmbedding(t, embedding_weights=table(rows)), Dense(HIDDEN, 8, bias=False, activation_function=torch.nn.Identity())]).save(work + "/static-unigram")
    for path in ("static", "static-unigram"):
        os.remove(work + "/" + path + "/README.md")
    # BERT without case and accents, mean over the tokens, as sentence-transformers writes it today.
    uncased = work + "/uncased"
    shake(BertModel(BertConfig(vocab_size=lower.get_vocab_size(), **shape), add_pooling_layer=False)).save_pretrained(uncased)
    with open(uncased + "/vocab.txt", "w", encoding="utf-8", newline="\n") as f:
        f.write("\n".join(sorted(lower.get_vocab(), key=lower.get_vocab().get)) + "\n")
    write_json(uncased + "/tokenizer_config.json", bert_settings(do_lower_case=True))
    SentenceTransformer(modules=[Transformer(uncased, max_seq_length=64), Pooling(HIDDEN, "mean"), Normalize()]).save(work + "/bert-mean")
    os.remove(work + "/bert-mean/README.md")
    shutil.rmtree(uncased)
    for suffix in (".model", ".vocab", ".tsv"):
        os.remove(spm + suffix)
    return pieces


def expect(path, texts, pieces):
    """Ids and embeddings of the texts, and for how many of them transformers has other ids."""
    name, static = os.path.basename(path), os.path.basename(path).startswith("static")
    peer = SentenceTransformer(path, device="cpu")
    tokenizer = None if static else AutoTokenizer.from_pretrained(path)
    described = Tokenizer.from_file(path + "/tokenizer.json") if name in ("minilm", "static", "static-unigram") else None
    limit = 0 if static else {"labse-plain": 512, "labse-modules": 256, "minilm": 128, "xlm-roberta": 512, "bert-mean": 64}[name]

    def ids_of(text, cut):
        own = described.encode(text, add_special_tokens=not static).ids if described else tokenizer(text)["input_ids"]
        ids = own if static else tokenizer(text)["input_ids"]
        if name == "xlm-roberta":
            own = [0] + [i + 1 if i else 3 for i in pieces.encode(text)] + [2]
        if cut and limit and len(own) > limit:
            own = own[:limit - 1] + own[-1:]
            ids = ids[:limit - 1] + ids[-1:]
        return own, own != ids

    model = None if static else AutoModel.from_pretrained(path).eval()
    rows, differ = [], []
    with torch.no_grad():
        for text in texts:
            ids, other = ids_of(text, True)
            if name == "labse-plain":
                vector = torch.nn.functional.normalize(model(torch.tensor([ids])).pooler_output[0], dim=0)
            else:
                features = {"input_ids": torch.tensor(ids, dtype=torch.long), "offsets": torch.tensor([0])}
                if not static:
                    features = {"input_ids": torch.tensor([ids]), "attention_mask": torch.ones(1, len(ids), dtype=torch.long)}
                for module in peer:
                    features = module(features)
                vector = features["sentence_embedding"][0]
                if not other:
                    alone = torch.tensor(peer.encode([text])[0])
                    assert (alone - vector).abs().max() < 2e-5, (name, text[:40], (alone - vector).abs().max())
            if other:
                differ.append(text)
            rows.append({"ids": base64.b64encode(torch.tensor(ids, dtype=torch.int32).numpy().tobytes()).decode(),
                         "embedding": base64.b64encode(vector.numpy().astype("<f4").tobytes()).decode()})
        long = [hashlib.sha256(torch.tensor(ids_of(t, False)[0], dtype=torch.int32).numpy().tobytes()).hexdigest() for t in LONG]
    print(name, len(rows), "texts; transformers has other ids for", len(differ), [t[:20] for t in differ])
    return {"max_tokens": limit or 1 << 20, "rows": rows, "long": long, "own": len(differ)}


def main(corpus, output, work=None):
    torch.set_num_threads(1)
    lines = sample(corpus)
    texts = [t for language in sorted(lines) for t in lines[language][:2]] + HOSTILE + SPELLED
    with tempfile.TemporaryDirectory() as temporary:
        work = work or temporary
        pieces = make(work, lines)
        names = sorted(os.listdir(work))
        expected = {name: expect(work + "/" + name, texts, pieces) for name in names}
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as archive:
            for folder, folders, files in os.walk(work):
                folders.sort()
                for file in sorted(files):
                    info = archive.gettarinfo(os.path.join(folder, file), os.path.relpath(os.path.join(folder, file), work))
                    info.mtime = info.uid = info.gid = 0
                    info.uname = info.gname = ""
                    info.mode = 0o644
                    with open(os.path.join(folder, file), "rb") as f:
                        archive.addfile(info, f)
        with open(output + "/encoders.tar.zst", "wb") as f:
            f.write(pyarrow.Codec("zstd", compression_level=22).compress(raw.getvalue(), asbytes=True))
        text = json.dumps({"texts": texts, "long": [[t[:len(t) // n], n] for t, n in zip(LONG, (10000, 10000, 5000, 4000, 10000))], "encoders": expected})
        with open(output + "/encoders.json.gz", "wb") as f, gzip.GzipFile("", "wb", 9, f, mtime=0) as z:
            z.write(text.encode())


main(*sys.argv[1:])
