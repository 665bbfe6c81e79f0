#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times from the start of `sterna run` to its first token, beside the prompt's own time.

    tools/measure_start.py build/sterna MODEL.gguf [RUNS]

A prompt of 16 tokens, one token drawn, after one run that warms the page cache. Prints min/median/max in milliseconds of
each way to load: the whole process, and what it took over the bare time of the prompt (--head exact, median).
"""
import json
import statistics
import subprocess
import sys
import time

PROMPT = ",".join(str(100 + 37 * i) for i in range(16))
WAYS = (("mapped", "exact"), ("mapped", "certified"), ("copied", "exact"), ("copied", "certified"))


def run(executable, model, weights, head):
    words = [executable, "run", "-m", model, "--ids", PROMPT, "-n", "1", "--temp", "0", "--ignore-eos", "--ctx", "512", "--json",
             "--weights", weights, "--head", head]
    start = time.perf_counter()
    output = subprocess.run(words, capture_output=True, check=True).stdout
    wall = 1000 * (time.perf_counter() - start)
    return wall, json.loads(output)["timings"]["first_token_ms"]


def main():
    executable, model = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 7
    bare = None
    for weights, head in WAYS:
        run(executable, model, weights, head)
        walls, firsts = zip(*(run(executable, model, weights, head) for _ in range(count)))
        bare = bare or statistics.median(firsts)
        print(f"{weights:7} {head:10} process {min(walls):.0f}/{statistics.median(walls):.0f}/{max(walls):.0f} ms, "
              f"over the prompt's {bare:.0f} ms: +{statistics.median(walls) - bare:.0f} ms")


if __name__ == "__main__":
    main()
