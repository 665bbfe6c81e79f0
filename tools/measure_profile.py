#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What --profile costs: the same generation in turn without it, with it, and with --profile-detail.

    python3 tools/measure_profile.py --sterna build/sterna [-m MODEL] [-n 256] [-r 9]

The reported speed is the engine's own (`run --json`), so that what happens after the answer does not count. Printed are
medians, and the median over the rounds of the ratio within a round: the machine's moods hit all runs of a round alike.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

VARIANTS = {"without": [], "--profile": ["--profile"], "--profile-detail": ["--profile-detail", "--profile"]}


def speed(arguments, extra):
    command = [arguments.sterna, "run", "--ids", ",".join(str(1 + i % 200) for i in range(16)), "-n", str(arguments.tokens),
               "--ignore-eos", "--temp", "0", "--json", *extra]
    if arguments.model:
        command += ["-m", arguments.model]
    done = subprocess.run(command, capture_output=True, check=True)
    return json.loads(done.stdout)["timings"]["decode_tokens_per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sterna", default="build/sterna")
    parser.add_argument("-m", "--model", help="default: the built-in model")
    parser.add_argument("-n", "--tokens", type=int, default=256)
    parser.add_argument("-r", "--rounds", type=int, default=9)
    arguments = parser.parse_args()
    speeds = {name: [] for name in VARIANTS}
    with tempfile.TemporaryDirectory() as folder:
        place = [str(pathlib.Path(folder) / "p")]
        for _ in range(arguments.rounds):
            for name, flags in VARIANTS.items():
                speeds[name].append(speed(arguments, flags + place if flags else []))
    for name, values in speeds.items():
        ratios = [plain / value - 1 for plain, value in zip(speeds["without"], values)]
        print(f"{name:17} {statistics.median(values):9.1f} tokens/s  {100 * statistics.median(ratios):+6.2f} %")


if __name__ == "__main__":
    sys.exit(main())
