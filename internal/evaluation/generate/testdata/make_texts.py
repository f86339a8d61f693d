"""Makes texts.json: what the four lines of models/crosssum-small/README.md give in transformers (5.23), for a few texts of several languages and
target languages; all their characters have pieces, since transformers 5 knows no byte fallback. The fixture belongs to one checkpoint: run it again when another is shipped. Run: python make_texts.py"""
import hashlib, json, os, pathlib, re

here = pathlib.Path(__file__).resolve().parent
folder = here.parent.parent.parent / "models" / "crosssum-small"
lines = re.search(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.S).group(1)
assert '"english"' in lines
os.chdir(folder)
out = []
for target, text in [
    ("english", "A small program that reads many files and writes one page."),
    ("english", "Dieses Paket enthält die Entwicklungsdateien der Bibliothek libfoo, die man zum Übersetzen von Programmen braucht."),
    ("german", "This package provides the documentation of a library for reading and writing compressed archives."),
    ("russian", "This is a dummy package. You can safely remove it after the upgrade."),
    ("french", "Ein Spiel für Kinder, in dem man Tiere und ihre Namen lernt. Es hat viele Bilder und Töne."),
    ("japanese", "A viewer for pictures and photos with a fast preview of large folders."),
]:
    names = {"text": text, "print": lambda *_: None}
    exec(lines.replace('"english"', json.dumps(target)), names)
    ids = names["ids"][0].tolist()
    out.append({"target": target, "text": text, "source": names["tokenizer"](text, truncation=True, max_length=64).input_ids, "ids": ids[1:],
                "summary": names["tokenizer"].decode(ids[1:], skip_special_tokens=True)})
    print(target, out[-1]["summary"])
weights = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
json.dump({"weights": weights, "texts": out}, open(here / "texts.json", "w"), ensure_ascii=False, indent=1)
