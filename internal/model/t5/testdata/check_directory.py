"""Loads a model directory in transformers as its README.md says, with every warning an error, and summarizes a text.
Run: python check_directory.py DIRECTORY [TEXT], with transformers 4.57 (no remark at all) or 5.23 (the one remark that it makes of every
mT5 with a head of its own: that it will not tie two tables). Prints the summary's ids and text as JSON."""
import json, logging, os, pathlib, re, sys, warnings

warnings.simplefilter("error")
import transformers

directory, text = sys.argv[1], (sys.argv[2:] + ["A small program that reads many files and writes one page."])[0]
card = pathlib.Path(directory, "README.md").read_text()
remarks = []


class Remarks(logging.Handler):
    def emit(self, record):
        remarks.append(record.getMessage())


logger = logging.getLogger("transformers")
logger.addHandler(Remarks(level=logging.WARNING))
transformers.utils.logging.disable_progress_bar()
lines = re.search(r"```python\n(.*?)```", card, re.S).group(1)
os.chdir(directory)
exec(lines)
_, info = transformers.AutoModelForSeq2SeqLM.from_pretrained(".", output_loading_info=True)
assert not any(info[k] for k in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
allowed = "so we will NOT tie them" if transformers.__version__ >= "5" and "NOT tie" in card else None
others = [r for r in remarks if not (allowed and allowed in r)]
assert not others, others
print(json.dumps({"transformers": transformers.__version__, "source": tokenizer(text).input_ids, "ids": ids[0].tolist(),
                  "summary": tokenizer.decode(ids[0][1:], skip_special_tokens=True), "remarks": len(remarks)}, ensure_ascii=False))
