# SPDX-License-Identifier: Apache-2.0
"""sterna inspect: facts, decisions with their reasons, and whether a file runs."""

import json
import os
import pathlib
import shutil
import tempfile
import unittest

from harness import BUILT_IN_MODEL, REPOSITORY, TINY_MODEL, VOCABULARY_ONLY, SternaTest, sterna

MODELS = REPOSITORY / "tests" / "data" / "models"
UNDECIDED = str(REPOSITORY / "tests" / "data" / "models" / "b158-q4_0.i2_s.gguf")


class Inspect(SternaTest):
    def test_json_tells_header_metadata_tensors_and_plan(self):
        report = self.ok_json("inspect", TINY_MODEL, "--json")
        self.assertEqual(report["bytes"], os.path.getsize(TINY_MODEL))
        self.assertEqual(report["tensor_count"], len(report["tensors"]))
        self.assertEqual(report["metadata"]["general.architecture"], "bitnet-b1.58")
        self.assertEqual(report["metadata"]["tokenizer.ggml.tokens"]["count"], 288)
        self.assertLessEqual(len(report["metadata"]["tokenizer.ggml.tokens"]["first"]), 4)
        for tensor in report["tensors"]:
            self.assertLessEqual({"name", "type", "shape", "offset", "bytes"}, set(tensor))
        self.assertIs(report["runs"], True)
        self.assertGreater(report["memory_plan"]["total_bytes"], 0)

    def test_every_decision_has_a_reason(self):
        decisions = self.ok_json("inspect", BUILT_IN_MODEL, "--json")["decisions"]
        for name in ("activation", "i2s_layout", "head", "pre_tokenizer", "chat_template"):
            with self.subTest(decision=name):
                self.assertTrue(decisions[name]["value"])
                self.assertTrue(decisions[name]["reason"])
        self.assertEqual(decisions["activation"]["value"], "relu2")
        self.assertEqual(decisions["head"]["value"], "tied")
        self.assertTrue(any("eot_id" in token for token in decisions["end_of_generation"]))

    def test_flags_decide_and_are_the_reason(self):
        report = self.ok_json("inspect", UNDECIDED, "--json")
        self.assertIs(report["runs"], False)
        self.assertIn("--ffn-act", report["reason"])
        report = self.ok_json("inspect", UNDECIDED, "--json", "--ffn-act", "silu")
        self.assertIs(report["runs"], True)
        self.assertEqual(report["decisions"]["activation"]["value"], "silu")
        self.assertIn("--ffn-act", report["decisions"]["activation"]["reason"])

    def test_files_that_do_not_run_are_told_about(self):
        report = self.ok_json("inspect", VOCABULARY_ONLY, "--json")
        self.assertIs(report["runs"], False)
        self.assertTrue(report["reason"])

    def test_no_load_says_nothing_about_running(self):
        self.assertIsNone(self.ok_json("inspect", TINY_MODEL, "--json", "--no-load")["runs"])

    def test_the_tensor_table_comes_on_request(self):
        self.assertNotIn("blk.0.attn_q.weight", self.ok("inspect", TINY_MODEL))
        self.assertIn("blk.0.attn_q.weight", self.ok("inspect", TINY_MODEL, "--tensors"))

    def test_counts_the_zeros_of_the_linear_layers(self):
        ternary = self.ok_json("inspect", TINY_MODEL, "--json")["ternary"]
        self.assertEqual(ternary["tensors"], 14)
        self.assertEqual(ternary["values"], 14 * 65536 + 6 * 65536 - 4 * 32768)
        self.assertEqual(ternary["zeros"], round(ternary["zero_share"] * ternary["values"]))
        self.assertGreater(ternary["zero_share"], 0.3)
        self.assertLess(ternary["zero_share"], 0.5)
        self.assertNotIn("ternary", self.ok_json("inspect", TINY_MODEL, "--json", "--no-load"))
        self.assertIn("linear layers, ", self.ok("inspect", TINY_MODEL))

    def test_the_same_model_in_two_types(self):
        report = self.ok_json("inspect", MODELS / "b158-tiny.i2_s.gguf", "--diff", MODELS / "b158-tiny.tq1_0.gguf", "--json")
        self.assertIs(report["same"], True)
        self.assertEqual([key["name"] for key in report["keys"]], ["general.file_type"])
        self.assertEqual(len(report["tensors"]), 14)
        self.assertEqual({t["what"] for t in report["tensors"]}, {"I2_S and TQ1_0; codes and scales are the same"})
        self.assertEqual(self.ok_json("inspect", TINY_MODEL, "--diff", TINY_MODEL, "--json")["tensors"], [])

    def test_differences_are_named(self):
        with tempfile.TemporaryDirectory() as folder:
            other = pathlib.Path(folder) / "other.gguf"
            shutil.copy(TINY_MODEL, other)
            listed = {t["name"]: t for t in self.ok_json("inspect", TINY_MODEL, "--json")["tensors"]}
            with open(other, "r+b") as file:
                file.seek(listed["blk.1.attn_v.weight"]["offset"])
                file.write(bytes(8))  # 32 codes are -1 now
                file.seek(listed["output_norm.weight"]["offset"])
                file.write(bytes(4))
            result = sterna("inspect", TINY_MODEL, "--diff", other, "--json")
            self.assertEqual(result.returncode, 1)
            report = json.loads(result.stdout)
            self.assertIs(report["same"], False)
            what = {t["name"]: t["what"] for t in report["tensors"]}
            self.assertEqual(set(what), {"blk.1.attn_v.weight", "output_norm.weight"})
            self.assertRegex(what["blk.1.attn_v.weight"], r"^0\.0\d+ % of the codes differ$")
            self.assertRegex(what["output_norm.weight"], r"^the numbers differ by \d+\.?\d* % ")
        self.assertEqual(sterna("inspect", TINY_MODEL, "--diff", BUILT_IN_MODEL).returncode, 1)
        self.fails(3, "inspect", TINY_MODEL, "--diff", "/nonexistent.gguf")

    def test_needs_a_file(self):
        self.fails(2, "inspect")
        self.assertIn("/nonexistent.gguf", self.fails(3, "inspect", "/nonexistent.gguf"))


if __name__ == "__main__":
    unittest.main()
