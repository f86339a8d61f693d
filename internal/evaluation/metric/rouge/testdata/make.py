"""Writes scores.jsonl.gz and bootstrap.json with XL-Sum's fork of rouge_score.

    python make.py FORK STOPWORDS TEXTS LANGUAGE...

FORK: a folder with the package rouge_score of the fork (csebuetnlp/xl-sum, multilingual_rouge_scoring).
STOPWORDS: a folder that has corpora/stopwords of NLTK's data. TEXTS: plain text files, a language each: <language>.txt (for the
fixture here: lines of the AppStream metadata of Debian 12, main).
Needs Python 3.11, nltk, six, numpy, pyonmttok, absl-py, and for Bengali the package bengali_stemmer.
"""
import glob, gzip, json, os, random, sys

fork, stop, texts = sys.argv[1:4]
sys.path.insert(0, fork)
import nltk
nltk.data.path.insert(0, stop)
import unicodedata
import warnings
warnings.simplefilter("ignore")
from rouge_score import rouge_scorer, scoring, tokenization_wrapper as tw
import numpy as np

assert unicodedata.unidata_version == "14.0.0", "run with Python 3.11"
R = random.Random(20)
HOSTILE = [
    "", " ", "...", "\u200d", "İSTANBUL ILI İ", "ΟΔΟΣ ΣΑΣ Σ ΑΣ. ΑΣ' ΑΣΑ ΑΣ\u0301 Α\u00adΣ", "3D covid19 4k 1,000.50 2nd U.S. don't e-mail",
    "naïve café CAFÉ e\u0301te\u0301 \u0301start a \u0301b x.\u0301y", "$5 + <b> = ^`|~_ €5 £6 → ☃ 👍🏽 🇩🇪 👨‍👩‍👧", "a\u200bb\u200cc\u200dd\u00ade\ufefff",
    "tab\tvt\u000bff\u000cfs\u001cnel\u0085nbsp\u00a0ls\u2028ps\u2029em\u2003ideo\u3000end\n", "\ufffd\x00 nul \ue000 \uffff \U000e0001",
    "日本語テキスト 中文字符 漢字kana混じり 𠀀𪜀 豈", "한국어 텍스트입니다 가나다", "العربية نص ١٢٣ abc٣", "हिन्दी में १२३ क्षत्रिय", "ไทยภาษา ๑๒๓",
    "Ⅷ ½ ² ① x²y ㊀", "▁ ■ ￭ ￨ │ ％0020 ％", "\U0001e900\U0001e922 ǅ ǆ Ǆ ß ẞ ŉ", "A.\u0301B c\u0301\u0302 \u0301\u0302", "word\u0903 \u0903word 1\u0301 €\u0301 👍\u0301x",
    "\u0cf3 \U00011f02 \U000323af newer", "ﬁ ﬂ Å Ω K", "aᴬʰ ˈx ˠ", "x\u2019s \u2018q\u2019 ʼn ʻ", "１２３ＡＢＣ ａｂｃ", "generous communism arsenal generated communicating",
    "skies dying news proceeded herring", "yyyy sayings yes boy enjoyed", "hopping hoping luxuriated falling hissing fizzed sized tied cries",
    "relational conditional rationalization valenci hesitanci digitizer conformabli radicalli differentli vileli analogousli vietnamization predication operator feudalism decisiveness hopefulness callousness formaliti sensitiviti sensibiliti apologi",
    "triplicate formative formalize electriciti electrical hopeful goodness revival allowance inference airliner adjustable defensible irritant replacement adjustment dependent adoption homologou communism activate angulariti effective bowdlerize probate rate cease controll roll",
    "ဗမာစာ မြန်မာ abc နိုင်ငံ ကျွန်ုပ် က့် က့်် ္ က ္္ မ ဿ", "agreed feed agreedly abed edly ingly kingly bled", "ability ably ible ous ly li ogi ion ation ness ful",
    "mm m mmm ab abc abcd", "THE ABOUT against BEING yourselves because During", "été ÉTÉ über straße", "ᎠᎡ ꭰꭱ Ა ა",
]


def mutate(line):
    words = line.split()
    if not words:
        return line
    for _ in range(R.randint(1, max(1, len(words) // 2))):
        i = R.randrange(len(words))
        r = R.random()
        if r < 0.35:
            del words[i]
            if not words:
                break
        elif r < 0.6:
            j = R.randrange(len(words))
            words[i], words[j] = words[j], words[i]
        elif r < 0.8:
            words.insert(i, R.choice(words))
        else:
            words[i] = R.choice([words[i].upper(), words[i] + R.choice(["s", "ing", "ed", "\u0301", "9", "…"]), words[i][:-1]])
    return " ".join(words)


def pairs(language):
    lines = []
    path = os.path.join(texts, language + ".txt")
    if os.path.exists(path):
        lines = [l.strip() for l in open(path, encoding="utf-8") if l.strip()]
    n = 160 if language == "english" else 30
    R.shuffle(lines)
    for line in lines[:n]:
        yield line, mutate(line) if R.random() < 0.85 else R.choice(lines)
    for h in HOSTILE:
        yield h, mutate(h)
    pool = [c for h in HOSTILE for c in h] + list(" " * 40) + list("the ing and ed er")
    for _ in range(60 if language == "english" else 25):
        a = "".join(R.choice(pool) for _ in range(R.randint(0, 40)))
        yield a, mutate(a)


with open("scores.jsonl.gz", "wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as f:
    for language in sys.argv[4:]:
        scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True, lang=language)
        for reference, hypothesis in pairs(language):
            s = scorer.score(reference, hypothesis)
            row = {"language": language, "reference": reference, "hypothesis": hypothesis,
                   "tokens": tw.tokenize(reference, scorer._stemmer, scorer._tokenizer),
                   "length": len(scorer._tokenizer(reference)),
                   "scores": [100 * s[k].fmeasure for k in ("rouge1", "rouge2", "rougeL")]}
            f.write((json.dumps(row) + "\n").encode())

aggregate = []
for n in (1, 2, 7, 100):
    values = [[R.random() for _ in range(3)] for _ in range(n)]
    np.random.seed(20)
    a = scoring.BootstrapAggregator()
    for v in values:
        a.add_scores({"x%d" % i: scoring.Score(x, x, x) for i, x in enumerate(v)})
    r = a.aggregate()
    aggregate.append({"values": values, "bounds": [[getattr(r["x%d" % i], b).fmeasure for b in ("low", "mid", "high")] for i in range(3)]})
json.dump(aggregate, open("bootstrap.json", "w"))
