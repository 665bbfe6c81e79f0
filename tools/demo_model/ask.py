# SPDX-License-Identifier: Apache-2.0
"""Asks a model 200 fixed nouns and prints the share it answers rightly.

Run:  python ask.py [--model FILE.gguf] [--binary build/sterna] [--numpy]
With --binary each question goes through `sterna run`; with --numpy through
the reference forward pass in forward.py. nouns.txt holds the questions.

An answer is a gloss of the right kind when
  1. it is a finished sentence: it holds " is " and ends with a full stop, and
  2. the phrase after "is" (up to the first preposition or relative pronoun,
     "any of several" and the like passed over) holds a word that is either
     the head noun of the true gloss's own phrase, or the last word of the
     name of any hypernym of the noun in WordNet. Hypernyms as wide as
     entity, object, matter, organism or artifact do not count, nor do words
     such as thing, part, piece or unit.
So "A sparrow is a small brown bird." passes and "A sparrow is a small tool."
fails. The rule does not judge the rest of the gloss: the share of answers
equal to the true gloss and the mean word F1 are printed for that.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import judge

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def read_nouns(path):
    rows = [line.rstrip("\n").split("\t")
            for line in open(path, encoding="ascii")]
    return [(noun, article, truth, kinds.split())
            for noun, article, truth, kinds in rows]


def by_binary(binary, model):
    def answer(question):
        done = subprocess.run(
            [binary, "run", "-m", model, "-p", question, "--temp", "0",
             "--json", "-n", "64"], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{binary} ended with {done.returncode}: "
                     f"{done.stderr.strip()}")
        return json.loads(done.stdout)["text"]
    return answer


def by_numpy(model):
    from forward import Forward
    return Forward(model).answer


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default=str(
        ROOT / "models" / "sterna-dictionary-i2_s.gguf"))
    parser.add_argument("--binary", default=str(ROOT / "build" / "sterna"))
    parser.add_argument("--numpy", action="store_true")
    parser.add_argument("--nouns", default=str(HERE / "nouns.txt"))
    parser.add_argument("--quiet", action="store_true", help="only the shares")
    args = parser.parse_args()
    answer = (by_numpy(args.model) if args.numpy
              else by_binary(args.binary, args.model))

    rows = read_nouns(args.nouns)
    right = exact = f1 = 0
    for noun, article, truth, kinds in rows:
        said = answer(f"What is {article} {noun}?").strip()
        fits = judge.right_kind(said, truth, kinds)
        right += fits
        exact += said == truth
        f1 += judge.token_f1(said, truth)
        if not args.quiet:
            mark = "=" if said == truth else "+" if fits else "-"
            print(f"{mark} {noun}: {said}", flush=True)
    print(f"{len(rows)} nouns: {100 * right / len(rows):.1f} % of the right "
          f"kind, {100 * exact / len(rows):.1f} % the exact gloss, "
          f"mean word F1 {f1 / len(rows):.3f}")


if __name__ == "__main__":
    main()
