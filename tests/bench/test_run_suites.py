# SPDX-License-Identifier: Apache-2.0
"""bench/run_suites with a program of a few lines in place of a suite."""
import json
import unittest

from stand_ins import ScriptTest

SUITE = """#!{python}
import json, sys
out = next(word.split("=", 1)[1] for word in sys.argv if word.startswith("--benchmark_out="))
times = {{"dot/fast/1024": 10, "dot/scalar/1024": 25, "dot/fast/4096": 10, "alone": 7}}
json.dump({{"benchmarks": [{{"name": name, "run_type": "iteration", "real_time": 1, "cpu_time": time, "time_unit": "ns"}}
                          for name, time in times.items()]}}, open(out, "w"))
"""


class RunSuites(ScriptTest):
    def test_kernels_are_told_beside_the_scalar_ones(self):
        self.program("arithmetic_ops", SUITE)
        done = self.script("run_suites", self.folder, self.folder / "out", "arithmetic_ops")
        self.assertEqual(done.returncode, 0, done.stderr)
        cells = {line.split()[1]: line.split()[4:] for line in done.stdout.splitlines() if line.startswith("arithmetic_ops")}
        self.assertEqual(cells, {"dot/fast/1024": ["2.50x"], "dot/scalar/1024": [], "dot/fast/4096": [], "alone": []})
        self.assertIn("benchmarks", json.loads((self.folder / "out" / "all.json").read_text())["arithmetic_ops"])


if __name__ == "__main__":
    unittest.main()
