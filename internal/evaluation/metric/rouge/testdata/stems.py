"""Writes stems.tsv.gz: language, word, NLTK's Snowball stem (words of its stop lists as they are).

    python stems.py STOPWORDS TEXTS LANGUAGE...

STOPWORDS and TEXTS as for make.py. Needs nltk.
"""
import gzip, os, random, re, sys
import nltk
nltk.data.path.insert(0, sys.argv[1])
from nltk.stem import SnowballStemmer

with open("stems.tsv.gz", "wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as f:
    for language in sys.argv[3:]:
        text = open(os.path.join(sys.argv[2], language + ".txt"), encoding="utf-8").read().lower()
        words = sorted({w for w in re.findall(r"[^\W\d_]+", text) if len(w) > 3})
        random.Random(1).shuffle(words)
        stemmer = SnowballStemmer(language, ignore_stopwords=True)
        for w in sorted(words[:int(os.environ.get("WORDS", 1200))]):
            f.write(("%s\t%s\t%s\n" % (language, w, stemmer.stem(w))).encode())
