# SPDX-License-Identifier: Apache-2.0
"""Draws the nouns that ask.py asks, once, from the corpus trained on.

Run:  python nouns.py --work-dir DIR
Writes nouns.txt: noun, article, true answer and kinds, separated by tabs.
"""

import argparse
import random
from pathlib import Path

import tokenizer as text

OUT = Path(__file__).with_name("nouns.txt")
COUNT, SEED, ALWAYS = 200, 20240229, "sparrow"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work-dir", type=Path, required=True)
    entries = text.read_corpus(parser.parse_args().work_dir)
    always = [e for e in entries if e["noun"] == ALWAYS]
    others = sorted((e for e in entries if e["noun"] != ALWAYS),
                    key=lambda e: e["noun"])
    drawn = always + random.Random(SEED).sample(others, COUNT - len(always))
    with open(OUT, "w", encoding="ascii") as file:
        for e in sorted(drawn, key=lambda e: e["noun"]):
            file.write("\t".join((e["noun"], e["article"], e["answer"],
                                  " ".join(e["kinds"]))) + "\n")
    print(f"{len(drawn)} nouns in {OUT}")


if __name__ == "__main__":
    main()
