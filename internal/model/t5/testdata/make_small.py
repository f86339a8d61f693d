"""Makes small.json.gz: what Hugging Face's MT5ForConditionalGeneration (transformers 5.23, torch 2.15, fp32) computes with a model of
mT5-small's shape (300 million parameters, vocabulary 250,112). Its weights are a function of name and place that
../small_test.go computes too, so none are stored; of encoder states, logits and gradients a sample is.
Run: python make_small.py (4 GB of memory)"""
import gzip, json, os
import numpy as np
import torch
from transformers import MT5Config, MT5ForConditionalGeneration

torch.manual_seed(0)
config = MT5Config(vocab_size=250112, d_model=512, d_kv=64, d_ff=1024, num_layers=8, num_decoder_layers=8, num_heads=6, dropout_rate=0.0)
with torch.device("meta"):
    model = MT5ForConditionalGeneration(config)
model.eval()


def seeded(k, n):
    """n values of tensor number k: uniform, mean 0, deviation 1, in double."""
    x = (np.arange(n, dtype=np.uint64) * np.uint64(0x9E3779B1) + np.uint64(k * 0x85EBCA77 & 0xFFFFFFFF)) & np.uint64(0xFFFFFFFF)
    x = x.astype(np.uint32)
    x ^= x >> np.uint32(16); x *= np.uint32(0x7FEB352D); x ^= x >> np.uint32(15); x *= np.uint32(0x846CA68B); x ^= x >> np.uint32(16)
    return ((x.astype(np.float64) + 0.5) / 2147483648.0 - 1.0) * 1.7320508075688772


def deviation(name, shape):
    if name == "shared.weight" or "relative_attention_bias" in name:
        return 1.0
    return (shape[1] * (64.0 if name.endswith(".q.weight") else 1.0)) ** -0.5


shapes = {n: tuple(p.shape) for n, p in model.named_parameters()}
shapes["lm_head.weight"] = shapes["shared.weight"]  # untied, as the published models
weights = {}
for k, name in enumerate(sorted(shapes)):
    values = seeded(k, int(np.prod(shapes[name])))
    values = 1 + 0.1 * values if "layer_norm" in name else values * deviation(name, shapes[name])
    weights[name] = torch.from_numpy(values.astype(np.float32)).reshape(shapes[name])
model = model.to_empty(device="cpu")
model.lm_head.weight = torch.nn.Parameter(torch.empty(shapes["lm_head.weight"]))
missing, unexpected = model.load_state_dict(weights, strict=False, assign=True)
model.encoder.embed_tokens.weight = model.decoder.embed_tokens.weight = model.shared.weight
assert not unexpected and all("embed_tokens" in m for m in missing), (missing, unexpected)
assert model.lm_head.weight is not model.shared.weight

some = lambda start, n: [(start + 7919 * i * i) % 250000 + 3 for i in range(n)]
sources, labels, starts = [some(11, 149) + [1], some(5, 22) + [1]], [some(3, 11) + [1], some(77, 5) + [1]], [250036, 250062]
L, T = max(map(len, sources)), max(map(len, labels))
ids = torch.tensor([s + [0] * (L - len(s)) for s in sources])
mask = torch.tensor([[1] * len(s) + [0] * (L - len(s)) for s in sources])
decoder = torch.tensor([[b] + l[:-1] + [0] * (T - len(l)) for b, l in zip(starts, labels)])
target = torch.tensor([l + [-100] * (T - len(l)) for l in labels])
five = lambda values: [float("%.7g" % v) for v in values]

out = model(input_ids=ids, attention_mask=mask, decoder_input_ids=decoder)
result = {"sources": sources, "labels": labels, "starts": starts, "states_every": 37, "logits_every": 6007, "states": [], "logits": [], "log_sums": []}
for e, s in enumerate(sources):
    for t in range(0, len(s), 7):
        result["states"].append({"example": e, "position": t, "values": five(out.encoder_last_hidden_state[e, t, ::37].tolist())})
for e, l in enumerate(labels):
    for t in range(len(l)):
        result["logits"].append(five(out.logits[e, t, ::6007].tolist()))
        result["log_sums"].append(float(torch.logsumexp(out.logits[e, t].double(), 0)))
logp = torch.log_softmax(out.logits, -1)
keep = target != -100
nll = -logp.gather(-1, target.clamp(min=0).unsqueeze(-1)).squeeze(-1)[keep]
loss = (0.9 * nll + 0.1 * -logp.mean(-1)[keep]).sum() / keep.sum()
loss.backward()
result["loss"], result["gradients"] = loss.item(), {}
for name, p in model.named_parameters():
    g = p.grad.flatten()
    at = [(i * (g.numel() // 5) + 17 * i) % g.numel() for i in range(5)]
    if g.numel() > 100_000_000:  # rows of tokens that the batch holds
        at = [512 * row + 100 * i for i, row in enumerate([sources[0][3], labels[1][2], starts[0], 1])]
    result["gradients"][name] = {"norm": float("%.9g" % g.double().norm()), "at": at, "values": five(g[at].tolist())}
assert len(result["gradients"]) == len(shapes)
here = os.path.dirname(os.path.abspath(__file__))
with gzip.GzipFile(os.path.join(here, "small.json.gz"), "wb", mtime=0) as f:
    f.write(json.dumps(result).encode())
print("loss", result["loss"], "parameters", sum(w.numel() for w in weights.values()))
