#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time and peak memory of converting a folder of bfloat16 masters, beside cp of the same bytes.

    python3 tools/measure_convert.py [--preset 2b-4t] [--runs 5] [--folder build/convert] [--build build]

Needs sterna and sterna_dummy_model in the build folder and some 11 GB of disk. Prints the table of docs/convert.md:
minimum, median and maximum. Runs alternate; the folder's pages are in memory before the first.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]


def run(*words):
    """(seconds, peak memory in MB) of a command that must succeed."""
    started = time.monotonic()
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, words
    return time.monotonic() - started, usage.ru_maxrss / 1024


def row(what, seconds, peaks):
    times = f"{min(seconds):.1f} / {statistics.median(seconds):.1f} / {max(seconds):.1f} s"
    return f"| {what} | {times} | {max(peaks):.0f} MB |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="2b-4t")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build" / "convert")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    flags = parser.parse_args()
    source, target, copy = flags.folder / "source", flags.folder / "target.gguf", flags.folder / "copy"
    flags.folder.mkdir(parents=True, exist_ok=True)
    dummy = next(path for path in flags.build.rglob("sterna_dummy_model") if path.is_file())
    run(dummy, "--preset", flags.preset, "--folder", "-o", source)
    measured = {"cp": [], "sterna convert --to i2_s": []}
    try:
        for _ in range(flags.runs):
            copy.unlink(missing_ok=True)
            measured["cp"].append(run("cp", source / "model.safetensors", copy))
            copy.unlink()
            words = (flags.build / "sterna", "convert", source, target, "--to", "i2_s", "--force")
            measured["sterna convert --to i2_s"].append(run(*words))
    finally:
        shutil.rmtree(flags.folder)
    print("| | min / median / max | peak memory |\n|---|---|---|")
    for what, runs in measured.items():
        print(row(what, *zip(*runs)))


if __name__ == "__main__":
    main()
