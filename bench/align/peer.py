"""faiss-cpu's IndexFlatIP for each direction: peer.py SOURCE.arrow TARGET.arrow KEEP OUTPUT.

Reads two Arrow files of embeddings, searches both directions, writes OUTPUT.forward and OUTPUT.backward (text: id, id and
score a line) and prints the seconds that building the indexes and searching took, and peak memory."""
import json
import sys
import time

import faiss
import numpy
import pyarrow.ipc


def read(path):
    with pyarrow.OSFile(path) as file:
        table = pyarrow.ipc.open_file(file).read_all()
    column = table.column("embedding").combine_chunks()
    values = column.flatten().to_numpy()
    return table.column("id").to_pylist(), numpy.ascontiguousarray(values.reshape(table.num_rows, -1))


def search(base, queries, keep):
    index = faiss.IndexFlatIP(base.shape[1])
    index.add(base)
    return index.search(queries, keep)


source, target, keep, output = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
source_ids, sources = read(source)
target_ids, targets = read(target)
start = time.perf_counter()
forward = search(targets, sources, min(keep, len(target_ids)))
backward = search(sources, targets, min(keep, len(source_ids)))
seconds = time.perf_counter() - start
for name, found, rows, columns in (("forward", forward, source_ids, target_ids), ("backward", backward, target_ids, source_ids)):
    with open(f"{output}.{name}", "w") as file:
        for row, scores, places in zip(rows, *found):
            file.writelines(f"{row} {columns[at]} {score:.9g}\n" for score, at in zip(scores, places))
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
print(json.dumps({"search_seconds": seconds, "peak_kib": peak}))
