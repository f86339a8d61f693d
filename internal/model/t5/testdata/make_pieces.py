"""Makes pieces.json.gz: the ids that SentencePiece itself (Python package sentencepiece 0.2.3) gives for hostile texts, and the digests of its
ids for every eighth summary and text of the shipped sample, with models/crosssum-small/spiece.model (which has byte fallback and sentinels,
as mT5's). Texts whose two best segmentations have equal scores are left out of the digests: versions of SentencePiece take one or the other.
Run: python make_pieces.py"""
import glob, gzip, hashlib, json, os, subprocess
import sentencepiece

EVERY = 8  # articles of a file
here = os.path.dirname(os.path.abspath(__file__))
root = os.path.join(here, "..", "..", "..", "..")
model = sentencepiece.SentencePieceProcessor(model_file=os.path.join(root, "models/crosssum-small/spiece.model"))
texts = [
    "", " ", "\t\n\r ", "a", " a  b ", "a\u00a0b\u2003c\u3000d", "</s>", "a </s> b", "<pad>", "<unk> <s>", "</s></s>", "a</s>b", "<0x41>", "<0x00><0xFF>",
    "▁", "a▁b", "▁▁▁", "<extra_id_0>", "▁<extra_id_0>", "x <extra_id_99> y", "x<extra_id_63>y <extra_id_54>", "<extra_id_100>", "<extra_id_>",
    "\u0000", "a\u0000b", "\u0001\u0008\u001b\u007f\u0085x", "\ufeffbom", "soft\u00adhyphen", "zero\u200bwidth\u200cjoin\u200d\u2060er", "rtl \u202eabc\u202c \u2066x\u2069",
    "e\u0301 \u00e9 E\u0301", "\u1112\u1161\u11ab\u1100\u116e\u11a8 한국", "か\u3099 が カ\u3099 ガ", "\u0915\u093c \u0958 क़", "ﬁ ﬀ ﷺ ½ ² ① Ａ１", "ǅ ß ẞ İ ı",
    "日本語の文章です。", "中文没有空格。繁體", "ภาษาไทยไม่มีช่องว่าง", "မြန်မာဘာသာ", "አማርኛ።", "العربية مع تَشْكِيل", "עִבְרִית", "ગુજરાતી ਪੰਜਾਬੀ தமிழ் తెలుగు", "ქართული", "ᚠᚢᚦ 𐍈 𓀀 𝔘𝔫𝔦",
    "👩‍👩‍👧‍👦 🇩🇪 👍🏽 ❤️", "\U0010ffff\ue000\uffff\ufdd0", "z̸̡̢͇̰̭̪͔͒̿͊̅͝ä̷́l̵g̶o̴", "a" * 300, "ab " * 200, "." * 100, "!?" * 60, "1234567890" * 10, "http://example.org/a?b=c&d=%20#e", "C:\\path\\x", "{\"k\": [1, 2]}",
    "MixedCASE camelCase snake_case kebab-case", "don't can’t “quoted” «x» „y“", "\\n \\u0041 &amp; <b>", "\u2028line\u2029para", "١٢٣ ۱۲۳ १२३", "x" + "\u0301" * 40, "𠀀𪚥", "㍿ ㈱ ㎏", "\u1e9b\u0323", "Ω Ω Å Å",
]
ids = [model.encode(t) for t in texts]
digests, tied = {}, 0
for path in sorted(glob.glob(os.path.join(root, "corpus", "sample", "*.jsonl.zst"))):
    raw = subprocess.run(["zstd", "-dc", path], stdout=subprocess.PIPE, check=True).stdout
    h, n, ties = hashlib.sha256(), 0, []
    for line in raw.splitlines()[::EVERY]:  # of bytes: at \n alone, as the files have it
        row = json.loads(line)
        for text in (row["summary"], row["text"]):
            best = [sum(map(model.get_score, ids)) for ids in model.nbest_encode(text, nbest_size=2)] if text.strip() else []
            if len(best) == 2 and abs(best[0] - best[1]) < 1e-4:
                ties.append(n)
            else:
                h.update((" ".join(map(str, model.encode(text))) + "\n").encode())
            n += 1
    digests[os.path.basename(path)] = {"texts": n, "ties": ties, "digest": h.hexdigest()}
    tied += len(ties)
with gzip.GzipFile(os.path.join(here, "pieces.json.gz"), "wb", mtime=0) as f:
    f.write(json.dumps({"texts": texts, "ids": ids, "every": EVERY, "digests": digests}).encode())
print(len(texts), sum(d["texts"] for d in digests.values()), tied)
