"""Makes the fixtures of a tiny mT5 (untied head) and a tiny T5 v1.1 with a tied head, with Hugging Face's classes (transformers
5.23, torch 2.15): tiny/ and tied/ (Hugging Face directories of 47,536 and 39,344 parameters, fp32), tiny.json and tied.json: logits
of a padded batch, gradients, and twenty training steps each of Adafactor and AdamW (label smoothing 0.1, padding out of the
loss, dropout 0, start token by example).
Run: python make_tiny.py tiny; python make_tiny.py tied"""
import json, math, os, sys
import torch
from transformers import MT5Config, MT5ForConditionalGeneration, T5Config, T5ForConditionalGeneration
from transformers.optimization import Adafactor

NAME = sys.argv[1]
torch.manual_seed(7)
torch.set_num_threads(1)
sizes = dict(vocab_size=256, d_model=32, d_kv=8, d_ff=32, num_layers=2, num_decoder_layers=2, num_heads=3,
             relative_attention_num_buckets=8, relative_attention_max_distance=16, dropout_rate=0.0)
if NAME == "tiny":
    config = MT5Config(**sizes)
    model = MT5ForConditionalGeneration(config)
    model.lm_head.weight = torch.nn.Parameter(torch.randn(256, 32) * 32**-0.5)  # untied, as the published models
else:
    config = T5Config(**sizes, feed_forward_proj="gated-gelu", tie_word_embeddings=True, decoder_start_token_id=0)
    model = T5ForConditionalGeneration(config)
    assert model.lm_head.weight is model.shared.weight and config.scale_decoder_outputs
with torch.no_grad():
    for name, p in model.named_parameters():
        if "layer_norm" in name:
            p.add_(torch.randn_like(p) * 0.1)
        elif name == "shared.weight":
            p.mul_(0.5)
        elif "relative" in name:
            p.mul_(3)
model.eval()
here = os.path.dirname(os.path.abspath(__file__))

sources = [[5, 9, 230, 17, 42, 8, 77, 120, 201, 33, 1], [12, 13, 1], [99] * 3 + list(range(40, 64)) + [1], [250, 7, 1]]
labels = [[44, 45, 1], [7, 200, 31, 8, 1], [99, 98, 97, 96, 95, 94, 93, 92, 1], [1]]
starts = [240, 241, 240, 0]
L, T = max(map(len, sources)), max(map(len, labels))
ids = torch.tensor([s + [0] * (L - len(s)) for s in sources])
mask = torch.tensor([[1] * len(s) + [0] * (L - len(s)) for s in sources])
decoder = torch.tensor([[b] + l[:-1] + [0] * (T - len(l)) for b, l in zip(starts, labels)])
target = torch.tensor([l + [-100] * (T - len(l)) for l in labels])

os.makedirs(os.path.join(here, NAME), exist_ok=True)
from safetensors.torch import save_file
state = {k: v.detach().clone() for k, v in model.named_parameters()}  # a tied table once
save_file(state, os.path.join(here, NAME, "model.safetensors"), metadata={"format": "pt"})
c = {k: getattr(config, k) for k in ["vocab_size", "d_model", "d_kv", "d_ff", "num_layers", "num_decoder_layers", "num_heads",
     "relative_attention_num_buckets", "relative_attention_max_distance", "dropout_rate", "layer_norm_epsilon", "feed_forward_proj",
     "pad_token_id", "eos_token_id", "decoder_start_token_id", "is_encoder_decoder", "initializer_factor", "use_cache"]}
c.update(model_type=config.model_type, tie_word_embeddings=NAME == "tied", architectures=[type(model).__name__], tokenizer_class="T5Tokenizer",
         task_specific_params={"langid_map": {"english": [240, "\u2581<extra_id_69>"], "russian": [241, "\u2581<extra_id_63>"]}})
json.dump(c, open(os.path.join(here, NAME, "config.json"), "w"), indent=2, ensure_ascii=False, sort_keys=True)

with torch.no_grad():
    logits = model(input_ids=ids, attention_mask=mask, decoder_input_ids=decoder).logits
rows = [logits[i, t].tolist() for i in range(4) for t in range(len(labels[i]))]
out = {"sources": sources, "labels": labels, "starts": starts,
       "logits": [[round(x, 7) for x in row[::8]] for row in rows], "logits_every": 8}

EVERY = 97  # every so many values of a tensor stand in the fixture
scalars = lambda tensor: [float("%.9g" % x) for x in tensor.detach().flatten()[::EVERY].tolist()]
begin = {k: v.clone() for k, v in model.state_dict().items()}


def train(make, scale, dtype=torch.float32):
    """Twenty steps from the same start: losses, gradient norms before clipping, rates, gradients of step 1, parameters."""
    model.to(dtype).load_state_dict(begin)
    decayed = [p for n, p in model.named_parameters() if "layer_norm" not in n and "bias" not in n]
    others = [p for n, p in model.named_parameters() if "layer_norm" in n or "bias" in n]
    optimizer = make([{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}])
    warmup, losses, norms, rates, gradients = 3, [], [], [], {}
    for step in range(1, 21):
        rate = scale * 32**-0.5 * min(step**-0.5, step * warmup**-1.5)
        for g in optimizer.param_groups:
            g["lr"] = rate
        logp = torch.log_softmax(model(input_ids=ids, attention_mask=mask, decoder_input_ids=decoder).logits, -1)
        keep = target != -100
        nll = -logp.gather(-1, target.clamp(min=0).unsqueeze(-1)).squeeze(-1)[keep]
        loss = (0.9 * nll + 0.1 * -logp.mean(-1)[keep]).sum() / keep.sum()
        optimizer.zero_grad()
        loss.backward()
        if step == 1:
            gradients = {n: scalars(p.grad) for n, p in model.named_parameters()}
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).item())
        optimizer.step()
        losses.append(loss.item()); rates.append(rate)
    return {"scale": scale, "losses": losses, "gradient_norms": norms, "rates": rates,
            "parameters": {n: scalars(p) for n, p in model.named_parameters()}}, gradients


makers = {
    "adafactor": (lambda groups: Adafactor(groups, lr=1.0, scale_parameter=False, relative_step=False, warmup_init=False, clip_threshold=1.0,
                                           decay_rate=-0.8, beta1=None, eps=(1e-30, 1e-3)), 0.02),
    "adamw": (lambda groups: torch.optim.AdamW(groups, lr=1.0, betas=(0.9, 0.999), eps=1e-8), 0.02),
}
out.update(warmup=3, parameters_every=EVERY, optimizers={})
for name, (make, scale) in makers.items():
    fixture, gradients = train(make, scale)
    double, _ = train(make, scale, torch.float64)
    parted = max(abs(a - b) for a, b in zip(fixture["losses"], double["losses"]))
    assert parted < 5e-5, (name, parted)  # the rate is one at which fp32 and fp64 agree
    out["optimizers"][name] = fixture
    out["gradients"] = gradients
    print(name, fixture["losses"][0], fixture["losses"][-1], "fp64 parts by", parted)
json.dump(out, open(os.path.join(here, NAME + ".json"), "w"))
