"""Writes e5.json.gz: token ids and embeddings that transformers gives for real and hostile texts.

    python3 internal/model/encode/testdata/make.py build/models/multilingual-e5-small internal/model/encode/testdata/e5.json.gz

Each text is encoded alone, in fp32, at most 128 tokens, with the prefix "query: "; mean over tokens, unit length. Ids are
SentencePiece's own. Those of transformers differ where SENTENCEPIECE says so, and nowhere else: special tokens that a text
spells out are text, where transformers makes control ids of them; and the map is applied to runs of code points, where
transformers sees graphemes of up to five bytes only, and of these the first rule. Asserts that sentence-transformers, with its default prompt, agrees on the
ordinary texts.
"""
import base64
import gzip
import json
import os
import sys

import sentencepiece
import torch
from sentence_transformers import SentenceTransformer
from transformers import AutoModel, AutoTokenizer

ORDINARY = [
    "Run-time system for Java applications", "example files for the gdpc program", "GNU R package for spatial statistics",
    "Bibliothek zum Lesen und Schreiben von Bilddateien", "bibliothèque de développement pour le traitement du signal",
    "programma per la visualizzazione di immagini", "библиотека для работы с изображениями - файлы разработки",
    "画像を変換するためのプログラム", "图像处理程序", "影像處理程式", "이미지 변환 프로그램", "برنامج لتحرير الصور",
    "תוכנה לעריכת תמונות", "छवि संपादन कार्यक्रम", "பட திருத்தி", "โปรแกรมแก้ไขรูปภาพ", "chương trình chỉnh sửa hình ảnh",
    "პროგრამა სურათებისთვის", "πρόγραμμα επεξεργασίας εικόνας", "ድምፅ ማጫወቻ", "程序 for 画像 und тексты", "dummy package",
    "transitional dummy package for libfoo-dev", "C++ (64-bit) bindings, version 2.0~rc1+dfsg-1", "a", "x11", "1234567890",
    "Программа просмотра PDF", "Ferramenta de linha de comando", "narzędzie wiersza poleceń", "ohjelma kuvien katseluun",
    "görüntü düzenleyici", "trình phát nhạc", "muziekspeler voor GNOME", "zenelejátszó", "mediaspelare", "プログラミング言語",
]
HOSTILE = [
    "", " ", "   leading and   inner    spaces  ", "tab\tand\nnew\r\nlines", "null\0byte and \x01\x02 controls", "\ufeffBOM first",
    "emoji 👩‍👩‍👧‍👦 🎉 👍🏽 🇩🇪", "e\u0301te\u0301 in NFD: cafe\u0301",
    "query: query: twice", "\u202eright to left override\u202c", "\u200e\u200fmarks שלום",
    "ﬁne ① ﷺ ㍿ ½ ™", "zero\u200bwidth\u200cnon\u200djoiner", "න්‍ය",
    "▁ meta ▁space", "\U0001fbf0 \u32ff \uab69", "\ue000\uf8ff private use", "\ufffd\ufffe\uffff", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝒎𝒂𝒕𝒉", "word " * 400,
    "あ" * 600, "ж" * 1000, "...!!!???;;;:::", "Å\u212b A\u030a",
    "\u0644\u0645\u0633\u062d \u0627\u0644\u0635\u0651\u064e\u0648\u0631 \u0636\u0648\u0626\u064a\u064b\u0651\u0627", "\u05e9\u05bc\u05c1 \u0e01\u0e48\u0e38",
]
SENTENCEPIECE = [
    "</s> <s> <pad> <mask> <unk>", "a</s>b<mask>c", "ｶﾞｷﾞ half width", "\u1112\u1161\u11ab\u1100\u1173\u11af in NFD", "क्ष ज़ \u0928\u093c", "a\u0300\u0301\u0302\u0303 stacked",
    "o\u0300\u0323", "e\u0302\u0323", "a\u0301\u0323b", "か\u3099 カ\u3099",
]
MAX_TOKENS = 128
PREFIX = "query: "


def main(directory, output):
    torch.set_num_threads(2)
    tokenizer = AutoTokenizer.from_pretrained(directory)
    pieces = sentencepiece.SentencePieceProcessor(os.path.join(directory, "sentencepiece.bpe.model"))
    model = AutoModel.from_pretrained(directory, add_pooling_layer=False).eval()
    rows, other = [], []
    with torch.no_grad():
        for text in ORDINARY + HOSTILE + SENTENCEPIECE:
            ids = [0] + [i + 1 if i else 3 for i in pieces.encode(PREFIX + text)][:MAX_TOKENS - 2] + [2]
            if ids != tokenizer(PREFIX + text, truncation=True, max_length=MAX_TOKENS)["input_ids"]:
                other.append(text)
            vector = model(torch.tensor([ids])).last_hidden_state[0].mean(0)
            vector = (vector / vector.norm()).numpy()
            rows.append({"text": text, "ids": ids, "embedding": base64.b64encode(vector.astype("<f4").tobytes()).decode()})
    assert other == SENTENCEPIECE, ascii(other)
    peer = SentenceTransformer(directory, device="cpu").encode(ORDINARY)
    for row, vector in zip(rows, peer):
        ours = torch.frombuffer(bytearray(base64.b64decode(row["embedding"])), dtype=torch.float32)
        assert (ours - torch.tensor(vector)).abs().max() < 1e-5, row["text"]
    text = json.dumps({"prefix": PREFIX, "max_tokens": MAX_TOKENS, "rows": rows}, ensure_ascii=True)
    with open(output, "wb") as f, gzip.GzipFile("", "wb", 9, f, mtime=0) as z:
        z.write(text.encode())


main(*sys.argv[1:])
