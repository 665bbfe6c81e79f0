# SPDX-License-Identifier: Apache-2.0
"""sterna calibrate: static scales of activations."""
import pathlib
import tempfile
import unittest

from harness import BUILT_IN_MODEL, TINY_MODEL, SternaTest

TEXT = "What is a sparrow?\nWhat is a dog?\nWhat is a hammer?\n"


class Calibrate(SternaTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.text = pathlib.Path(folder.name, "text.txt")
        self.text.write_text(TEXT)
        self.scales = pathlib.Path(folder.name, "scales.txt")

    def perplexity(self, *settings):
        flags = [word for setting in settings for word in ("--set", f"activation.{setting}")]
        return self.ok_json("eval", "perplexity", "-m", BUILT_IN_MODEL, "-f", self.text, "--json", *flags)["perplexity"]

    def test_scales_of_a_file_are_those_of_its_text(self):
        told = self.ok("calibrate", "-m", BUILT_IN_MODEL, "-f", self.text, "-o", self.scales)
        self.assertIn("3 samples, 16 inputs of layers", told)
        by_file = self.perplexity("quantization_method=static", f"calibration_file={self.scales}")
        by_text = self.perplexity("quantization_method=static", f"calibration_text={self.text}")
        self.assertEqual(by_file, by_text)
        self.assertNotEqual(by_file, self.perplexity())

    def test_a_comparison_has_a_line_for_each_kind_of_scale(self):
        lines = self.ok("calibrate", "-m", BUILT_IN_MODEL, "-f", self.text, "--samples", 2, "--compare",
                        self.text).splitlines()
        self.assertEqual([line.split()[:3] for line in lines[1:]],
                         [["dynamic", "clamp", "100"], ["dynamic", "clamp", "99.9"], ["static", "clamp", "100"],
                          ["static", "clamp", "99.9"], ["static", "none", "100"]])
        self.assertAlmostEqual(float(lines[1].split()[4]), self.perplexity(), places=3)

    def test_what_is_missing_or_of_another_model_is_told(self):
        self.fails(2, "calibrate", "-m", BUILT_IN_MODEL, "-o", self.scales)
        self.fails(2, "calibrate", "-m", BUILT_IN_MODEL, "-f", self.text)
        self.fails(3, "calibrate", "-m", BUILT_IN_MODEL, "-f", "/nonexistent", "-o", self.scales)
        self.ok("calibrate", "-m", BUILT_IN_MODEL, "-f", self.text, "-o", self.scales)
        flags = ("--set", "activation.quantization_method=static", "--set", f"activation.calibration_file={self.scales}")
        self.assertIn("of another model", self.fails(2, "run", "-m", TINY_MODEL, "-p", "a", *flags))
        self.assertIn("percentile 100, not of 99",
                      self.fails(2, "run", "-p", "a", *flags, "--set", "activation.clip_percentile=99"))


if __name__ == "__main__":
    unittest.main()
