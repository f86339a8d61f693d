"""Loads data sets, two at least, through Hugging Face `datasets` with one cache, in the order given and in the reverse one, every configuration
of each, and fails where rows are not those of the data set's own Parquet files. Seen with datasets 2.19.0 and 5.2.0.
Run: python load_in_either_order.py data/runs/<run>/dataset data/runs/<another run>/dataset"""
import pathlib, sys, tempfile

import pyarrow.parquet
from datasets import disable_progress_bars, get_dataset_config_names, load_dataset

disable_progress_bars()


def kept(folder, name):
    pattern = "*/*.parquet" if name == "all" else f"*/{name}.parquet"
    rows = {}
    for path in sorted((folder / "parquet").glob(pattern)):
        rows.setdefault(path.parent.name, []).extend(pyarrow.parquet.read_table(path).to_pylist())
    return rows


folders = [pathlib.Path(arg).resolve() for arg in sys.argv[1:]]
assert len(folders) > 1 and len({folder.name for folder in folders}) == 1, "two data sets of one base name are wanted"
wrong = loaded = 0
for order in (folders, folders[::-1]):
    with tempfile.TemporaryDirectory() as cache:
        for folder in order:
            for name in get_dataset_config_names(str(folder)):
                got = {split: rows.to_list() if hasattr(rows, "to_list") else list(rows)
                       for split, rows in load_dataset(str(folder), name, cache_dir=cache).items()}
                loaded += 1
                if got != kept(folder, name):
                    wrong += 1
                    print(f"{folder}, {name}: other rows than its own")
print(f"{loaded} loaded, {wrong} wrong")
sys.exit(wrong > 0)
