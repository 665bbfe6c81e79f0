# SPDX-License-Identifier: Apache-2.0
"""Checks an exported file against the checkpoint it came from.

Run:  python verify.py --work-dir DIR [--run NAME] [--model FILE.gguf]
Compares the greedy answers of the numpy forward pass on the file with those
of the training model, for the nouns of nouns.txt.
"""

import argparse
import sys
from pathlib import Path

import torch

import tokenizer as text
from ask import HERE, read_nouns
from forward import Forward
from train import load_model


@torch.no_grad()
def greedy(model, ids, ends, limit):
    """Greedy ids after a prompt, with the training model."""
    made, prefix = [], torch.tensor(ids[:1])
    while len(made) < limit:
        tail = torch.tensor([ids[1:] + made])
        wanted = torch.zeros_like(tail, dtype=torch.bool)
        wanted[0, -1] = True
        token = int(model(prefix, tail, wanted)[0].argmax())
        if token in ends:
            break
        made.append(token)
    return made


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--work-dir", type=Path, required=True)
    parser.add_argument("--run", default="ternary")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--count", type=int, default=200)
    args = parser.parse_args()
    path = args.model or args.work_dir / "sterna-dictionary-i2_s.gguf"
    exported = Forward(path)
    model, _ = load_model(args.work_dir / f"{args.run}.pt")
    tokenizer = text.load(args.work_dir)
    ends = {tokenizer.token_to_id(t) for t in (text.EOS, text.EOT)}
    equal = 0
    rows = read_nouns(HERE / "nouns.txt")[:args.count]
    for noun, article, *_ in rows:
        prompt = text.chat_prompt(f"What is {article} {noun}?")
        ids = tokenizer.encode(prompt).ids
        if exported.tokenizer.encode(prompt).ids != ids:
            sys.exit(f"{path}: its tokenizer splits {prompt!r} differently")
        equal += exported.generate(ids, 64) == greedy(model, ids, ends, 64)
    print(f"{equal} of {len(rows)} greedy answers are token for token equal")


if __name__ == "__main__":
    main()
