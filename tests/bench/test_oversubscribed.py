# SPDX-License-Identifier: Apache-2.0
"""bench/oversubscribed with a program of a few lines in Sterna's place."""
import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "bench" / "oversubscribed"
CPUS = len(os.sched_getaffinity(0))

# Twice as fast with one thread as with any other number.
STAND_IN = f"""#!{sys.executable}
import json, sys
speed = 20 if sys.argv[sys.argv.index("-t") + 1] == "1" else 10
print(json.dumps({{"tests": [{{"name": "tg4", "tokens_per_second": speed}}]}}))
"""


class Oversubscribed(unittest.TestCase):
    def test_every_case_is_compared_with_its_base_in_the_same_round(self):
        with tempfile.TemporaryDirectory() as folder:
            program, figures = pathlib.Path(folder, "sterna"), pathlib.Path(folder, "figures.json")
            program.write_text(STAND_IN, encoding="utf-8")
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
            run = subprocess.run([sys.executable, SCRIPT, "--sterna", program, "-m", "x", "-r", "2", "--json", figures],
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True)
            rounds = json.loads(figures.read_text(encoding="utf-8"))
        self.assertEqual(len(rounds), 2)
        self.assertEqual(rounds[0], rounds[1])
        lines = {line[:26].strip(): line[26:].split() for line in run.stdout.splitlines()}
        self.assertEqual(lines["1 thread"], ["tg4", "20.00", "20.00", "20.00"])
        speed, ratio = ("10.00", "0.50") if CPUS > 1 else ("20.00", "1.00")
        self.assertEqual(lines[f"{CPUS} threads, a core busy"], ["tg4", *[speed] * 3, *[ratio] * 3])
        self.assertEqual(lines[f"{4 * CPUS} threads"][-3:], ["1.00" if CPUS > 1 else "0.50"] * 3)


if __name__ == "__main__":
    unittest.main()
