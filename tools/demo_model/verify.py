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
def agrees(model, prompt, answer, end):
    """Whether the training model's greedy answer to the prompt is `answer`.

    One pass over prompt and answer suffices: the greedy answer is this one
    when every next token, the end included, is the likeliest after its like.
    """
    ids = prompt + answer
    tail = torch.tensor([ids[1:]])
    wanted = torch.zeros_like(tail, dtype=torch.bool)
    wanted[0, len(prompt) - 2:] = True
    likeliest = model(torch.tensor(ids[:1]), tail, wanted).argmax(dim=-1)
    return likeliest.tolist() == answer + [end]


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
    end = tokenizer.token_to_id(text.EOT)
    equal = 0
    rows = read_nouns(HERE / "nouns.txt")[:args.count]
    for noun, article, *_ in rows:
        prompt = text.chat_prompt(f"What is {article} {noun}?")
        ids = tokenizer.encode(prompt).ids
        if exported.tokenizer.encode(prompt).ids != ids:
            sys.exit(f"{path}: its tokenizer splits {prompt!r} differently")
        equal += agrees(model, ids, exported.generate(ids, 64), end)
    print(f"{equal} of {len(rows)} greedy answers are token for token equal")


if __name__ == "__main__":
    main()
