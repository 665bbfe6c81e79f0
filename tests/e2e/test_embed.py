# SPDX-License-Identifier: Apache-2.0
"""sterna embed."""

import math
import unittest

from harness import REPOSITORY, SternaTest

MODEL = str(REPOSITORY / "tests" / "data" / "models" / "qwen3-inner.i2_s.gguf")


class Embed(SternaTest):
    def test_a_line_of_numbers_for_each_line_of_text(self):
        lines = self.ok("embed", "-m", MODEL, stdin="the tern\na gull\r\nthe tern").splitlines()
        vectors = [[float(word) for word in line.split(" ")] for line in lines]
        self.assertEqual([len(vector) for vector in vectors], [128] * 3)
        self.assertEqual(vectors[0], vectors[2])
        self.assertNotEqual(vectors[0], vectors[1])
        self.assertAlmostEqual(math.hypot(*vectors[0]), 1, places=5)

    def test_json_says_the_same_and_how(self):
        report = self.ok_json("embed", "-m", MODEL, "-p", "the tern", "--json")
        self.assertEqual(list(report), ["pooling", "dimensions", "embeddings", "tokens"])
        self.assertEqual((report["pooling"], report["dimensions"]), ("last", 128))
        ids = self.ok_json("tokenize", "-m", MODEL, "--json", stdin="the tern")["ids"]
        self.assertEqual(report["tokens"], [len(ids)])
        plain = self.ok("embed", "-m", MODEL, "-p", "the tern")
        self.assertEqual([float(word) for word in plain.split()], report["embeddings"][0])

    def test_every_pooling_gives_another_vector(self):
        texts = {self.ok("embed", "-m", MODEL, "-p", "the tern", "--pooling", name) for name in ("mean", "last", "cls")}
        self.assertEqual(len(texts), 3)
        self.assertIn(self.ok("embed", "-m", MODEL, "-p", "the tern", "--pooling", "auto"), texts)

    def test_length_is_kept_when_asked(self):
        raw = [float(word) for word in self.ok("embed", "-m", MODEL, "-p", "the tern", "--no-normalize").split()]
        self.assertGreater(math.hypot(*raw), 1.1)

    def test_bad_input(self):
        self.assertIn("no text", self.fails(2, "embed", "-m", MODEL))
        self.assertIn("sentence", self.fails(2, "embed", "-m", MODEL, "-p", "x", "--pooling", "sentence"))
        self.assertIn("context", self.fails(4, "embed", "-m", MODEL, "-p", "the tern " * 90, "--ctx", 64))


if __name__ == "__main__":
    unittest.main()
