# SPDX-License-Identifier: Apache-2.0
"""Instructions per element of ternary products on 64-bit ARM, counted exactly under qemu-user.

    make arm-instructions
    python3 tools/arm_instructions/count.py BUILD      BUILD: a build folder of the preset aarch64 with ternary_calls

An element is one product of a weight and an activation. Each figure is the difference of two runs, of 3 calls and of 1,
halved. `scalar` is the specification compiled with -O2 and -fno-tree-vectorize. The product of one row is held to at
least 3.2 times fewer instructions than scalar in every NEON table; anything less ends with exit status 1.
"""
import pathlib
import re
import subprocess
import sys

TABLES = ("scalar", "neon", "neon_dotprod", "neon_i8mm")
SHAPES = ((1, 1), (4, 1), (4, 8))  # rows, tokens: a dot product, a decode tile, a prefill tile
ELEMENTS = (1024, 4096, 16384, 65536)
LEAST_RATIO = 3.2


def build_plugin(build):
    source = pathlib.Path(__file__).with_name("count_plugin.cc")
    plugin = build / "count_plugin.so"
    subprocess.run(["g++", "-O2", "-shared", "-fPIC", "-o", plugin, source], check=True)
    return plugin


def instructions(build, plugin, calls, table, rows, columns, tokens):
    command = ["qemu-aarch64", "-cpu", "max", "-plugin", str(plugin.resolve()), "-d", "plugin", str(build / "ternary_calls"),
               table, str(rows), str(columns), str(tokens), str(calls)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    counted = re.search(r"instructions (\d+)", done.stderr)
    if done.returncode != 0 or not counted:
        sys.exit(f"count: {' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
    return int(counted.group(1))


def per_element(build, plugin, table, rows, columns, tokens):
    counts = [instructions(build, plugin, calls, table, rows, columns, tokens) for calls in (1, 3)]
    return (counts[1] - counts[0]) / 2 / (rows * columns * tokens)


def first_line(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    build = pathlib.Path(sys.argv[1]) / "tools/arm_instructions"
    plugin = build_plugin(build)
    print(first_line("qemu-aarch64", "--version"))
    print(first_line("aarch64-linux-gnu-g++", "--version"))
    print("| rows x tokens | elements of a row | " + " | ".join(TABLES) + " |")
    print("|---" * (len(TABLES) + 2) + "|")
    short = []
    for rows, tokens in SHAPES:
        for columns in ELEMENTS:
            figures = [per_element(build, plugin, table, rows, columns, tokens) for table in TABLES]
            cells = [f"{figures[0]:.2f}"] + [f"{value:.3f} ({figures[0] / value:.1f}x)" for value in figures[1:]]
            print(f"| {rows} x {tokens} | {columns} | " + " | ".join(cells) + " |", flush=True)
            short += [(rows, tokens, columns)] if any(figures[0] / value < LEAST_RATIO for value in figures[1:]) else []
    for rows, tokens, columns in short:
        print(f"count: {rows} x {tokens}, {columns}: less than {LEAST_RATIO} times fewer instructions than scalar")
    sys.exit(1 if short else 0)


if __name__ == "__main__":
    main()
