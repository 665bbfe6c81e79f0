# SPDX-License-Identifier: Apache-2.0
"""Trains the dictionary model; stops and resumes at any checkpoint.

Run:  python train.py --work-dir DIR [--run NAME] [--steps S] [--decay-steps D]
                      [--full-precision] [--threads T] [--compile]
Reads DIR/corpus.jsonl and DIR/tokenizer.json. Writes DIR/NAME.pt (weights,
optimizer, step) every --save-every steps and appends lines to DIR/NAME.loss:
step, questions seen, loss of the training batches, and every --test-every
steps the loss over "What is a ...?" for a fixed tenth of the entries. Started
again with the same name it goes on where it stopped.

The learning rate warms up, stays, and falls linearly to zero over the last
--decay-steps; weight decay is off while it falls.
"""

import argparse
import os
import time
from pathlib import Path

import torch
from torch.nn import functional as F

import batches
import tokenizer as text
from model import DictionaryModel, Shape

WARMUP_STEPS = 100
WEIGHT_DECAY = 0.02
LOSS_EVERY = 25


def learning_rate(step, args):
    falling = max(0, step - (args.steps - args.decay_steps))
    return (args.lr * min(1.0, (step + 1) / WARMUP_STEPS)
            * (1.0 - falling / (args.decay_steps + 1)))


def make_optimizer(model):
    matrices = [p for n, p in model.named_parameters() if "weights" in n]
    others = [p for n, p in model.named_parameters() if "weights" not in n]
    return torch.optim.AdamW(
        [{"params": matrices, "weight_decay": WEIGHT_DECAY},
         {"params": others, "weight_decay": 0.0}],
        lr=1e-3, betas=(0.9, 0.97), fused=True)


class Progress:
    """What a run has done: steps, questions seen, recent loss of each entry."""

    def __init__(self, entries):
        self.step, self.seen = 0, 0
        self.losses = torch.full((entries,), 10.0)


def save(path, model, optimizer, progress):
    partial = path.with_suffix(".partial")
    torch.save({"shape": vars(model.shape), "ternary": model.ternary,
                **vars(progress), "model": model.state_dict(),
                "optimizer": optimizer.state_dict()}, partial)
    os.replace(partial, path)


def load_model(path):
    """The model of a checkpoint and the checkpoint itself."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    model = DictionaryModel(Shape(**state["shape"]), state["ternary"])
    model.load_state_dict(state["model"])
    return model, state


def turn_losses(model, chats):
    """Mean loss of each turn's answer in order, and of all answer tokens."""
    prefix, tails, targets, turns = batches.collate(chats)
    wanted = turns >= 0
    each = F.cross_entropy(model(prefix, tails, wanted), targets[wanted],
                           reduction="none")
    sums = torch.zeros(sum(map(len, chats))).index_add(0, turns[wanted], each)
    return sums / turns[wanted].bincount(), each.mean()


def train_step(model, optimizer, chats, progress, lr, decay):
    per_turn, loss = turn_losses(model, chats)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for group in optimizer.param_groups:
        group["lr"] = lr
    optimizer.param_groups[0]["weight_decay"] = decay
    optimizer.step()
    indices = [turn.index for chat in chats for turn in chat]
    progress.losses[indices] = per_turn.detach()
    progress.step += 1
    progress.seen += len(indices)
    return loss.item()


@torch.no_grad()
def test_loss(model, turns):
    """Loss over the first way of asking for every tenth entry."""
    chosen = [[turn] for turn in sorted(turns[0][::10], key=len)]
    parts = [turn_losses(model, chosen[i:i + 64])[0]
             for i in range(0, len(chosen), 64)]
    return torch.cat(parts).mean().item()


class Log:
    """Averages step losses and writes them to the run's .loss file."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="ascii")
        self.losses, self.began = [], time.time()

    def add(self, progress, loss, tested):
        self.losses.append(loss)
        if len(self.losses) < LOSS_EVERY and tested is None:
            return
        mean = sum(self.losses) / len(self.losses)
        pace = (time.time() - self.began) / len(self.losses)
        known = (progress.losses < 0.1).float().mean()
        line = f"{progress.step} {progress.seen} {mean:.4f}"
        self.file.write(line + (f" {tested:.4f}\n" if tested else "\n"))
        self.file.flush()
        print(f"step {line} test {tested or 0:.3f} known {known:.2f} "
              f"{pace:.2f} s/step", flush=True)
        self.losses, self.began = [], time.time()


def run(model, optimizer, progress, turns, args):
    plan, log = [], Log(args.work_dir / f"{args.run}.loss")
    while progress.step < args.steps:
        if not plan:
            plan = batches.epoch(turns, progress.losses.tolist(), args.batch,
                                 args.seed + progress.step)
        in_decay = progress.step >= args.steps - args.decay_steps
        loss = train_step(model, optimizer, plan.pop(), progress,
                          learning_rate(progress.step, args),
                          0.0 if in_decay else WEIGHT_DECAY)
        last = progress.step == args.steps
        tested = (test_loss(model, turns)
                  if progress.step % args.test_every == 0 or last else None)
        log.add(progress, loss, tested)
        if progress.step % args.save_every == 0 or last:
            save(args.work_dir / f"{args.run}.pt", model, optimizer, progress)


def resume(args, tokenizer, entries):
    """Model, optimizer and progress, from the checkpoint if there is one."""
    checkpoint, progress = args.work_dir / f"{args.run}.pt", Progress(entries)
    if not checkpoint.exists():
        shape = Shape(vocab=tokenizer.get_vocab_size(), layers=args.layers,
                      ffn=args.ffn)
        model = DictionaryModel(shape, not args.full_precision)
        return model, make_optimizer(model), progress
    model, state = load_model(checkpoint)
    optimizer = make_optimizer(model)
    optimizer.load_state_dict(state["optimizer"])
    for name in vars(progress):
        setattr(progress, name, state.get(name, getattr(progress, name)))
    return model, optimizer, progress


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--work-dir", type=Path, required=True)
    parser.add_argument("--run", default="ternary")
    parser.add_argument("--steps", type=int, default=2150)
    parser.add_argument("--decay-steps", type=int, default=650)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--layers", type=int, default=Shape.layers)
    parser.add_argument("--ffn", type=int, default=Shape.ffn)
    parser.add_argument("--full-precision", action="store_true")
    parser.add_argument("--save-every", type=int, default=100)
    parser.add_argument("--test-every", type=int, default=250)
    parser.add_argument("--compile", action="store_true",
                        help="fuse operations; needs a C++ compiler")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)

    tokenizer, entries = text.load(args.work_dir), text.read_corpus(args.work_dir)
    model, optimizer, progress = resume(args, tokenizer, len(entries))
    if args.compile:
        for block in model.blocks:
            block.compile(dynamic=True)
    run(model, optimizer, progress, batches.encode_turns(entries, tokenizer),
        args)


if __name__ == "__main__":
    main()
