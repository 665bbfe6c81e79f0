# SPDX-License-Identifier: Apache-2.0
"""Plots the test loss of one or more runs against their steps.

Run:  python plot.py --work-dir DIR --out FILE.svg NAME=LABEL...
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402  (after the backend is chosen)


def read_losses(path):
    """(steps, test losses) of the lines that carry a test loss."""
    rows = [line.split() for line in open(path, encoding="ascii")]
    tested = [(int(r[0]), float(r[3])) for r in rows if len(r) == 4]
    return [s for s, _ in tested], [loss for _, loss in tested]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work-dir", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("runs", nargs="+", metavar="NAME=LABEL")
    args = parser.parse_args()
    figure, axes = plt.subplots(figsize=(6, 3.5))
    for run in args.runs:
        name, _, label = run.partition("=")
        steps, losses = read_losses(args.work_dir / f"{name}.loss")
        axes.plot(steps, losses, marker=".", markersize=3, label=label or name)
        print(f"{name}: step {steps[-1]} test loss {losses[-1]:.4f}")
    axes.set_yscale("log")
    axes.set_xlabel("step")
    axes.set_ylabel("loss, nats per answer token")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(args.out, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))


if __name__ == "__main__":
    main()
