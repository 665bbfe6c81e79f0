#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What each setting of the performance guide does to speed, start and memory: the table of docs/performance-guide.md.

    build/tools/dummy_model/sterna_dummy_model --preset 2b-4t --ffn-sparsity 0.75 --head-stats gemma3 -o build/dummy-2b.gguf
    build/sterna convert build/dummy-2b.gguf build/dummy-2b.sterna
    python3 tools/measure_settings.py --sterna build/sterna -m build/dummy-2b.sterna [-r 5] [ONLY ...]

Every round runs `sterna bench` once as it is and once with each setting changed. A figure is the median over the rounds of the
ratio to the unchanged run of the same round, with the least and the most: the machine's moods hit both alike. Slow settings have
runs of a few tokens, beside unchanged runs of the same size. The table is printed after each round, so that what was measured is never lost.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

# (name, flags, variables)
CASES = [
    ("as it is, again", [], {}),
    ("--threads 1", ["-t", "1"], {}),
    ("--threads 4", ["-t", "4"], {}),
    ("engine.thread_affinity=core", ["--set", "engine.thread_affinity=core"], {}),
    ("engine.enable_prefetching=false", ["--set", "engine.enable_prefetching=false"], {}),
    ("engine.cache_chunk_size_kb=8", ["--set", "engine.cache_chunk_size_kb=8"], {}),
    ("engine.cache_chunk_size_kb=256", ["--set", "engine.cache_chunk_size_kb=256"], {}),
    ("engine.parallel_threshold=0", ["--set", "engine.parallel_threshold=0"], {}),
    ("engine.parallel_threshold=10000000", ["--set", "engine.parallel_threshold=10000000"], {}),
    ("engine.use_aligned_allocations=false", ["--set", "engine.use_aligned_allocations=false"], {}),
    ("engine.memory_alignment=4096", ["--set", "engine.memory_alignment=4096"], {}),
    ("batch.chunk_size=1", ["--set", "batch.chunk_size=1"], {}),
    ("batch.chunk_size=16", ["--set", "batch.chunk_size=16"], {}),
    ("--head exact", ["--head", "exact"], {}),
    ("--head screened", ["--head", "screened"], {}),
    ("--read-zeros", ["--read-zeros"], {}),
    ("--kv f32", ["--kv", "f32"], {}),
    ("--kv q8", ["--kv", "q8"], {}),
    ("--weights mapped", ["--weights", "mapped"], {}),
    ("--weights streamed", ["--weights", "streamed"], {}),
    ("--verify-checksums", ["--verify-checksums"], {}),
    ("--profile", ["--profile", "/dev/shm/measured"], {}),
]
SLOW_CASES = [
    ("STERNA_ISA=scalar", [], {"STERNA_ISA": "scalar"}),
]
SLOW_SIZES = (8, 2)  # tokens of prompt and answer
FIGURES = {"prompt": "pp", "generation": "tg"}


def bench(arguments, sizes, flags, variables):
    prompt, tokens = sizes
    command = [arguments.sterna, "bench", "-m", arguments.model, "-p", str(prompt), "-n", str(tokens), "-r", "1", "--json", *flags]
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, **variables})
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr.decode(errors='replace')}")
    report = json.loads(done.stdout)
    figures = {name: test["tokens_per_second"] for test in report["tests"]
               for name, prefix in FIGURES.items() if test["name"].startswith(prefix)}
    return {**figures, "load": report["load_ms"], "peak memory": report["peak_resident_bytes"] / 2**20}


def cell(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


class Group:
    """Settings measured with runs of one size, and the unchanged runs beside them."""

    def __init__(self, sizes, cases):
        self.sizes, self.cases = sizes, cases
        self.plain, self.changed = [], {name: [] for name, *_ in cases}

    def measure(self, arguments):
        if not self.cases:
            return
        self.plain.append(bench(arguments, self.sizes, [], {}))
        for name, flags, variables in self.cases:
            self.changed[name].append(bench(arguments, self.sizes, flags, variables))

    def show(self):
        if not self.plain:
            return
        columns = list(self.plain[0])
        medians = (f"{column} {statistics.median(run[column] for run in self.plain):.1f}" for column in columns)
        print(f"as it is, {self.sizes[0]} + {self.sizes[1]} tokens: {', '.join(medians)}")
        print(f"| setting | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
        for name, runs in self.changed.items():
            cells = [cell([run[column] / base[column] for run, base in zip(runs, self.plain)]) for column in columns]
            print(f"| `{name}` | {' | '.join(cells)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sterna", default="build/sterna")
    parser.add_argument("-m", "--model", required=True)
    parser.add_argument("-p", "--prompt", type=int, default=128)
    parser.add_argument("-n", "--tokens", type=int, default=24)
    parser.add_argument("-r", "--rounds", type=int, default=5)
    parser.add_argument("only", nargs="*", help="parts of names of settings; default: all")
    arguments = parser.parse_args()
    def asked(cases):
        return [case for case in cases if not arguments.only or any(part in case[0] for part in arguments.only)]

    groups = [Group((arguments.prompt, arguments.tokens), asked(CASES)), Group(SLOW_SIZES, asked(SLOW_CASES))]
    for done in range(arguments.rounds):
        for group in groups:
            group.measure(arguments)
        print(f"\nafter round {done + 1} of {arguments.rounds}")
        for group in groups:
            group.show()
        sys.stdout.flush()


if __name__ == "__main__":
    main()
