"""Prints the digests in TestEveryCodePointIsCutAsTheFastTokenizerCutsIt.

    python3 internal/model/tokenizer/testdata/make_code_points.py

SHA-256 over "<words of aXb, divided by spaces>\\n" for every code point X, in order, surrogates left out.
"""
import hashlib

from tokenizers import normalizers, pre_tokenizers

split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
for lower, strip, chinese in [(False, None, True), (True, None, True), (True, False, False), (False, True, True)]:
    normalize = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=chinese, strip_accents=strip, lowercase=lower).normalize_str
    digest = hashlib.sha256()
    for c in range(0x110000):
        if not 0xD800 <= c < 0xE000:
            digest.update((" ".join(w for w, _ in split(normalize("a" + chr(c) + "b"))) + "\n").encode())
    print(lower, strip, chinese, digest.hexdigest())
