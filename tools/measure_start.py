#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times from the start of `sterna run` to its first token, beside the prompt's own time.

    tools/measure_start.py build/sterna MODEL.gguf [RUNS [PROMPT_TOKENS]]

A prompt of 16 tokens, one token drawn, after one run that warms the page cache. Prints min/median/max in milliseconds of
each way to load: the whole process, what it took over the bare time of the prompt (--head exact, median), and of it loading
and the first token after that.
"""
import json
import statistics
import subprocess
import sys
import time

WAYS = (("mapped", "exact"), ("mapped", "certified"), ("copied", "exact"), ("copied", "certified"))


def run(executable, model, prompt_tokens, weights, head):
    prompt = ",".join(str(100 + 37 * i) for i in range(prompt_tokens))
    words = [executable, "run", "-m", model, "--ids", prompt, "-n", "1", "--temp", "0", "--ignore-eos", "--ctx", "512", "--json",
             "--weights", weights, "--head", head]
    start = time.perf_counter()
    output = subprocess.run(words, capture_output=True, check=True).stdout
    wall = 1000 * (time.perf_counter() - start)
    timings = json.loads(output)["timings"]
    return wall, timings["first_token_ms"], timings["load_ms"]


def spread(values):
    return f"{min(values):.0f}/{statistics.median(values):.0f}/{max(values):.0f} ms"


def main():
    executable, model = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 7
    prompt_tokens = int(sys.argv[4]) if len(sys.argv) > 4 else 16
    bare = None
    for way in WAYS:
        run(executable, model, prompt_tokens, *way)
        walls, firsts, loads = zip(*(run(executable, model, prompt_tokens, *way) for _ in range(count)))
        bare = bare or statistics.median(firsts)
        print(f"{way[0]:7} {way[1]:10} process {spread(walls)}, over the prompt's {bare:.0f} ms: +{statistics.median(walls) - bare:.0f} ms"
              f" (load {spread(loads)}, first token {spread(firsts)})")


if __name__ == "__main__":
    main()
