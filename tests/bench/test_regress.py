# SPDX-License-Identifier: Apache-2.0
"""bench/regress on reports with planted changes."""
import unittest

from stand_ins import ScriptTest


def report(**times):
    return {"benchmarks": [{"name": name, "run_type": "iteration", "real_time": 1.0, "cpu_time": time, "time_unit": "ns"}
                           for name, time in times.items()]}


class Regress(ScriptTest):
    def regress(self, before, after, *words):
        return self.script("regress", self.write_json("before.json", before), self.write_json("after.json", after), *words)

    def bands(self, before, after):
        lines = self.regress(before, after).stdout.split("\n\n")[0].splitlines()[2:]
        return {line.split()[0]: line.split()[-1] for line in lines}

    def test_a_planted_regression_is_found_and_told_by_the_exit_code(self):
        done = self.regress(report(steady=100, planted=100), report(steady=101, planted=120))
        self.assertEqual(done.returncode, 1)
        self.assertIn("+20.0 %", done.stdout)
        self.assertLess(done.stdout.index("planted"), done.stdout.index("steady"))

    def test_the_same_report_twice_is_noise(self):
        same = report(a=100, b=7)
        self.assertEqual(self.bands(same, same), {"a": "noise", "b": "noise"})
        self.assertEqual(self.regress(same, same).returncode, 0)

    def test_bands_begin_at_5_15_30_and_50_percent(self):
        edges = {"n": (1000, 1049), "mi": (1000, 1050), "mi2": (1000, 1149), "mo": (1000, 1150), "mo2": (1000, 1299),
                 "ma": (1000, 1300), "ma2": (1000, 1499), "se": (1000, 1500)}
        found = self.bands(report(**{name: pair[0] for name, pair in edges.items()}),
                           report(**{name: pair[1] for name, pair in edges.items()}))
        self.assertEqual(found, {"n": "noise", "mi": "minor", "mi2": "minor", "mo": "moderate", "mo2": "moderate",
                                 "ma": "major", "ma2": "major", "se": "severe"})

    def test_faster_is_no_failure(self):
        self.assertEqual(self.bands(report(a=100), report(a=90)), {"a": "faster"})
        self.assertEqual(self.regress(report(a=100), report(a=10)).returncode, 0)

    def test_the_mildest_band_that_fails_can_be_chosen(self):
        before, after = report(a=100), report(a=120)
        for name, code in (("minor", 1), ("moderate", 1), ("major", 0), ("severe", 0)):
            self.assertEqual(self.regress(before, after, "--fail-from", name).returncode, code, name)

    def test_a_benchmark_that_is_gone_fails_and_one_that_is_added_does_not(self):
        self.assertEqual(self.regress(report(a=1, b=1), report(a=1)).returncode, 1)
        self.assertEqual(self.regress(report(a=1), report(a=1, b=1)).returncode, 0)

    def test_repetitions_count_by_their_median_and_aggregates_not_at_all(self):
        def repeated(*times):
            runs = [report(a=time)["benchmarks"][0] for time in times]
            return {"benchmarks": runs + [dict(runs[0], run_type="aggregate", cpu_time=10**9)]}

        self.assertEqual(self.regress(repeated(100, 101, 102), repeated(99, 101, 900)).returncode, 0)

    def test_real_time_counts_where_the_suite_asked_for_it(self):
        def entry(real):
            return {"benchmarks": [{"name": "a/real_time", "run_type": "iteration", "real_time": real, "cpu_time": 1,
                                    "time_unit": "ms"}]}

        self.assertEqual(self.regress(entry(10), entry(20)).returncode, 1)

    def test_memory_counts_instead_of_time_where_a_suite_measured_it(self):
        def entry(time, peak):
            return {"benchmarks": [dict(report(a=time)["benchmarks"][0], peak_MB=peak)]}

        self.assertEqual(self.regress(entry(1, 100), entry(9, 100)).returncode, 0)
        self.assertEqual(self.regress(entry(1, 100), entry(1, 110)).returncode, 1)

    def test_reports_of_all_suites_and_of_compare_are_read(self):
        self.assertEqual(self.regress({"s": report(a=100)}, {"s": report(a=200)}).returncode, 1)

        def compared(own, other):
            rows = [{"label": "Sterna", "own": True, "tokens_per_second": {"median": own}},
                    {"label": "peer", "own": False, "tokens_per_second": {"median": other}}]
            return {"tests": [{"case": "2 threads", "test": "prompt", "engines": rows}]}

        self.assertEqual(self.regress(compared(100, 50), compared(100, 10)).returncode, 0)  # a peer is not ours to watch
        self.assertEqual(self.regress(compared(100, 50), compared(50, 50)).returncode, 1)

    def test_what_is_no_report_is_refused(self):
        self.assertEqual(self.script("regress", "/nonexistent", "/nonexistent").returncode, 2)
        self.assertEqual(self.regress({"x": 1}, {"x": 1}).returncode, 2)
        self.assertEqual(self.regress([], []).returncode, 2)


if __name__ == "__main__":
    unittest.main()
