# SPDX-License-Identifier: Apache-2.0
"""sterna bench: the shape of its report; speeds are nobody's promise here."""

import unittest

from harness import BUILT_IN_MODEL, TINY_MODEL, SternaTest, sterna

SMALL = ("bench", "-m", TINY_MODEL, "-p", 16, "-n", 4, "-r", 2)


class Bench(SternaTest):
    def test_json_has_the_stated_keys(self):
        report = self.ok_json(*SMALL, "--json", "-t", 2)
        self.assertLessEqual({"cpu", "kernels", "threads", "threads_prefill", "workers", "tests", "memory_plan", "read_bandwidth_gb_per_second"}, set(report))
        self.assertEqual(report["threads"], 2)
        self.assertEqual([test["name"] for test in report["tests"]], ["pp16", "tg4"])
        for test in report["tests"]:
            self.assertLessEqual({"name", "tokens_per_second", "min", "max", "gb_per_second"}, set(test))
            self.assertGreater(test["min"], 0)
            self.assertLessEqual(test["min"], test["tokens_per_second"])
            self.assertLessEqual(test["tokens_per_second"], test["max"])
            self.assertGreater(test["gb_per_second"], 0)
        self.assertEqual(report["memory_plan"]["total_bytes"], sum(item["bytes"] for item in report["memory_plan"]["items"]))

    def test_products_stand_beside_the_integer_peak(self):
        report = self.ok_json(*SMALL, "--json", "-t", 1)
        peak = report["integer_peak_multiply_adds_per_second"]
        self.assertTrue(peak > 0 or report["kernels"] != "avx2")
        for test in report["tests"]:
            self.assertEqual("share_of_integer_peak" in test, peak > 0)
            if peak > 0:
                self.assertAlmostEqual(test["share_of_integer_peak"] * peak / test["multiply_adds_per_second"], 1)

    def test_a_table_for_people(self):
        text = self.ok(*SMALL)
        for word in ("tokens/s", "GB/s", "pp16", "tg4"):
            self.assertIn(word, text)

    def test_defaults_are_cut_to_a_small_context_with_a_word(self):
        result = self.check_ok(sterna("bench", "-m", BUILT_IN_MODEL, "--ctx", 64, "-r", 1))
        self.assertIn(b"-p is cut from 512 to 64", result.stderr)
        self.assertIn(b"pp64", result.stdout)
        self.assertIn(b"tg63", result.stdout)

    def test_sizes_asked_for_are_refused_not_cut(self):
        self.assertIn("64", self.fails(4, "bench", "-m", BUILT_IN_MODEL, "--ctx", 64, "-p", 65))
        self.assertIn("64", self.fails(4, "bench", "-m", BUILT_IN_MODEL, "--ctx", 64, "-p", 8, "-n", 64))

    def test_the_head_is_read_whole_or_by_its_planes(self):
        def head(mode):
            report = self.ok_json("bench", "-m", BUILT_IN_MODEL, "-p", 0, "-n", 8, "-r", 1, "--json", "--head", mode)
            self.assertEqual(report["head_mode"], mode)
            return report["tests"][0]["head"]
        exact, certified = head("exact"), head("certified")
        self.assertEqual((exact["whole_share"], exact["exact_rows"]), (1, 0))
        self.assertLess(certified["whole_share"], 1)
        self.assertGreater(certified["exact_rows"], 0)
        self.assertLess(certified["bytes_per_logit_row"], exact["bytes_per_logit_row"])

    def test_zero_leaves_a_test_out(self):
        names = [test["name"] for test in self.ok_json("bench", "-m", TINY_MODEL, "-p", 0, "-n", 4, "-r", 1, "--json")["tests"]]
        self.assertEqual(names, ["tg4"])

    def test_depth_adds_a_generation_in_a_long_context_and_its_budget(self):
        report = self.ok_json(*SMALL, "--depth", 100, "--json")
        self.assertEqual([test["name"] for test in report["tests"]], ["pp16", "tg4", "tg4@d100"])
        shallow, deep = (test["kv_bytes_per_token"] for test in report["tests"][1:])
        self.assertAlmostEqual(deep / shallow, (100 + 3) / 3)  # five tokens that see 1 to 5 positions, and 100 more
        budget = report["attention"]
        self.assertAlmostEqual(budget["extra_kv_bytes_per_token"], deep - shallow)
        expected_ms = 1e3 / report["tests"][2]["tokens_per_second"] - 1e3 / report["tests"][1]["tokens_per_second"]
        self.assertAlmostEqual(budget["extra_ms_per_token"], expected_ms)
        text = self.ok(*SMALL, "-d", 100)
        self.assertIn("tg4@d100", text)
        self.assertIn("attention", text)

    def test_sequences_are_generated_at_once(self):
        words = ("bench", "-m", TINY_MODEL, "-p", 0, "-n", 40, "-r", 1, "--ctx", 64, "--json")
        one, many = self.ok_json(*words, "--sequences", 6)["tests"]
        self.assertEqual((one["name"], many["name"]), ("tg40", "tg40x6"))
        # Rows that share a step share what is read of the weights.
        self.assertLess(many["bytes_per_token"] - many["kv_bytes_per_token"],
                        0.8 * (one["bytes_per_token"] - one["kv_bytes_per_token"]))

    def test_speculation_is_counted(self):
        words = ("bench", "-m", TINY_MODEL, "-p", 0, "-n", 100, "-r", 1, "--json")
        self.assertEqual(self.ok_json(*words)["tests"][0]["guessed_tokens"], 0)
        self.assertGreater(self.ok_json(*words, "--speculate", 7)["tests"][0]["guessed_tokens"], 0)

    def test_a_depth_that_fills_the_context_is_refused(self):
        self.assertIn("--depth", self.fails(4, "bench", "-m", BUILT_IN_MODEL, "--ctx", 64, "-p", 8, "--depth", 64))


if __name__ == "__main__":
    unittest.main()
