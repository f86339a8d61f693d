"""transformers' training on the same batches: peer.py MODEL BATCHES.jsonl OUTPUT PARAMS.json THREADS [fp32|bf16]

What its users write: batches padded to their longest by a DataLoader's collate function, model.train(),
cross-entropy with label smoothing as Trainer's LabelSmoother computes it, clipping, Adafactor with the published settings, and
save_pretrained at the end. Ids are SentencePiece's own: AutoTokenizer of transformers 5 cuts texts without byte fallback, which would make
other batches of them. One JSON object on standard output: seconds of each step and its loss (step 1's include what came before)."""
import json
import os
import sys
import time

began = time.time()

import torch
from sentencepiece import SentencePieceProcessor
from torch.utils.data import DataLoader
from transformers import MT5ForConditionalGeneration
from transformers.optimization import Adafactor

model_dir, batches, output, params, threads = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
half = sys.argv[6:] == ["bf16"]
torch.set_num_threads(threads)
with open(params) as file:
    p = json.load(file)
tokenizer = SentencePieceProcessor(model_file=os.path.join(model_dir, "spiece.model"))
model = MT5ForConditionalGeneration.from_pretrained(model_dir, dtype=torch.float32, dropout_rate=p["dropout"])
starts = {name: token[0] for name, token in model.config.task_specific_params["langid_map"].items()}
with open(batches, encoding="utf-8") as file:
    data = [row for line in file for row in [json.loads(line)]][: p["steps"]]


PAD, END = 0, 1


def padded(texts, limit):
    ids = [torch.tensor(i[: limit - 1] + [END]) for i in tokenizer.encode(texts)]
    return torch.nn.utils.rnn.pad_sequence(ids, batch_first=True, padding_value=PAD)


def collate(rows):
    rows = rows[0]  # the file says what a batch is
    source = padded([r["text"] for r in rows], p["source_tokens"])
    labels = padded([r["summary"] for r in rows], p["target_tokens"])
    start = torch.tensor([[starts[r["target_language"]]] for r in rows])
    return {"input_ids": source, "attention_mask": (source != PAD).long(), "decoder_input_ids": torch.cat([start, labels[:, :-1]], 1)}, labels


def smoothed(logits, labels, epsilon):  # transformers.trainer_pt_utils.LabelSmoother
    log_probs = -torch.nn.functional.log_softmax(logits, dim=-1)
    padding = labels.eq(PAD).unsqueeze(-1)
    nll = log_probs.gather(dim=-1, index=labels.unsqueeze(-1)).masked_fill_(padding, 0.0)
    spread = log_probs.sum(dim=-1, keepdim=True, dtype=torch.float32).masked_fill_(padding, 0.0)
    active = padding.numel() - padding.long().sum()
    return (1 - epsilon) * nll.sum() / active + epsilon * spread.sum() / (active * log_probs.shape[-1])


def decays(name):
    return "layer_norm" not in name and "bias" not in name


optimizer = Adafactor([
    {"params": [w for n, w in model.named_parameters() if decays(n)], "weight_decay": p["weight_decay"]},
    {"params": [w for n, w in model.named_parameters() if not decays(n)], "weight_decay": 0.0}],
    lr=1.0, scale_parameter=p["scale_parameter"], relative_step=False, warmup_init=False)
scale, warmup = p["learning_rate_scale"] * model.config.d_model**-0.5, p["warmup_steps"]
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: scale * min((k + 1) ** -0.5, (k + 1) * warmup**-1.5))
model.train()
seconds, losses = [], []
for inputs, labels in DataLoader(data, batch_size=1, shuffle=False, collate_fn=collate):
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
        logits = model(**inputs).logits
    loss = smoothed(logits, labels, p["label_smoothing"])
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), p["gradient_norm"])
    optimizer.step()
    schedule.step()
    optimizer.zero_grad()
    losses.append(loss.item())
    seconds.append(time.time() - began)
    began = time.time()
began = time.time()
model.save_pretrained(output)
json.dump({"step_seconds": seconds, "losses": losses, "save_seconds": time.time() - began}, sys.stdout)
