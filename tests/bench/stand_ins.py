# SPDX-License-Identifier: Apache-2.0
"""Programs of a few lines that answer as `sterna`, sterna_dummy_model and a llama-bench do, at speeds a test chooses."""
import json
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH / "lib"))

# Every call is noted in calls.txt beside the program.
COMMON = """#!{python}
import json, pathlib, sys
words = sys.argv[1:]
here = pathlib.Path(__file__).parent
with open(here / "calls.txt", "a") as calls:
    calls.write(" ".join([pathlib.Path(__file__).name] + words) + "\\n")
def value(flag): return int(words[words.index(flag) + 1])
turn = sum(call.startswith(pathlib.Path(__file__).name) for call in (here / "calls.txt").read_text().splitlines())
"""
STERNA = COMMON + """
if words[0] == "devices":
    print(json.dumps({{"cpu": "Test CPU", "usable_cores": 2, "limits": {{
        "read_bandwidth": [{{"threads": 1, "gb_per_second": 10.0}}, {{"threads": 2, "gb_per_second": 20.0 + turn}}],
        "integer_peak": [{{"threads": 2, "multiply_adds_per_second": 4e11}}],
        "ternary_linear": [{{"threads": 1, "tokens": 16, "multiply_adds_per_second": 5e10}}]}}}}))
    sys.exit()
tests = []
if value("-p"): tests.append({{"name": "pp%d" % value("-p"), "tokens_per_second": {pp}, "gb_per_second": 1}})
if value("-n"): tests.append({{"name": "tg%d" % value("-n"), "tokens_per_second": {tg}, "gb_per_second": 11}})
if "--sequences" in words:
    tests.append({{"name": "tg%dx%d" % (value("-n"), value("--sequences")), "tokens_per_second": 60, "gb_per_second": 1}})
print(json.dumps({{"kernels": "avx2", "weight_type": "I2_S", "head_type": "Q6_K", "head_mode": "exact",
                  "ternary_multiply_adds_per_token": 2 * 10**9, "tests": tests}}))
"""
PEER = COMMON + """
print("a line that some builds print first")
tests = []
for flag, other in (("-p", "n_gen"), ("-n", "n_prompt")):
    if value(flag):
        mine = "n_prompt" if flag == "-p" else "n_gen"
        tests.append({{mine: value(flag), other: 0, "avg_ts": {pp} if flag == "-p" else {tg}, "model_size": 10**9}})
print(json.dumps(tests))
"""
BATCHED = COMMON + """
if "-fa" in words: sys.stdout = sys.stderr
print("llama_print: a line before the table | with a bar")
print("|    PP |     TG |    B |   S_TG t/s |")
print("|-------|--------|------|------------|")
print("|     1 | %6d | %4d | %10.2f |" % (value("-ntg"), value("-npl"), {batch}))
"""
DUMMY = COMMON + """
pathlib.Path(words[words.index("-o") + 1]).write_text("model")
"""
BROKEN = COMMON + """
print("cannot load the model", file=sys.stderr)
sys.exit(3)
"""


class ScriptTest(unittest.TestCase):
    """Base: a scratch folder with stand-ins, and a way to run a script of bench/."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def program(self, name, text, **values):
        path = self.folder / name
        path.write_text(text.format(python=sys.executable, **values))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    def calls(self):
        return (self.folder / "calls.txt").read_text().splitlines()

    def write_json(self, name, value):
        path = self.folder / name
        path.write_text(json.dumps(value))
        return str(path)

    def script(self, name, *words):
        return subprocess.run([sys.executable, "-B", str(BENCH / name), *words], capture_output=True, text=True, timeout=50,
                              check=False)
