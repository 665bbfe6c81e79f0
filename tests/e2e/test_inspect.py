# SPDX-License-Identifier: Apache-2.0
"""sterna inspect: facts, decisions with their reasons, and whether a file runs."""

import os
import unittest

from harness import BUILT_IN_MODEL, REPOSITORY, TINY_MODEL, VOCABULARY_ONLY, SternaTest

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

    def test_needs_a_file(self):
        self.fails(2, "inspect")
        self.assertIn("/nonexistent.gguf", self.fails(3, "inspect", "/nonexistent.gguf"))


if __name__ == "__main__":
    unittest.main()
