"""sentence-transformers on the same texts: peer.py MODEL PREFIX LINES.jsonl OURS.arrow THREADS [compare]

Encodes one JSON string a line with its own batching (32 texts, sorted by length) and writes nothing. With `compare` it
also writes to the file "compared" beside OURS.arrow how far the two sets of vectors are apart."""
import json
import os
import sys

import torch
from sentence_transformers import SentenceTransformer

model, prefix, lines, ours, threads = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
torch.set_num_threads(threads)
with open(lines, encoding="utf-8") as file:
    texts = [json.loads(line) for line in file]
vectors = SentenceTransformer(model, device="cpu").encode(texts, prompt=prefix, normalize_embeddings=True, show_progress_bar=False)
if sys.argv[6:] == ["compare"]:
    import numpy
    import pyarrow.ipc

    column = pyarrow.ipc.open_file(ours).read_all().column("embedding").combine_chunks()
    theirs = numpy.asarray(column.flatten()).reshape(len(texts), -1)
    apart = numpy.abs(theirs - vectors).max(axis=1)
    with open(os.path.join(os.path.dirname(ours), "compared"), "w") as file:
        print(f"vectors: largest difference of a value {apart.max():.1e}, above 1e-4 in {(apart > 1e-4).sum()} of {len(texts)} texts", file=file)
