# SPDX-License-Identifier: Apache-2.0
"""Files that hold what a program worked out, and lines of text as files have them: damaged, odd, in the wrong place."""

import pathlib
import random
import shutil
import tempfile
import unittest

from harness import REPOSITORY, TINY_MODEL, SternaTest, sterna

EMBEDDER = REPOSITORY / "tests" / "data" / "models" / "qwen3-inner.i2_s.gguf"
ASK = ("-p", "a", "-n", "1", "--raw")


class SavedState(SternaTest):
    """A sterna file holds repacked weights and tokenizer tables."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.whole = self.folder / "whole.sterna"
        self.ok("convert", TINY_MODEL, self.whole)
        self.damaged = self.folder / "damaged.sterna"

    def test_cut_short_anywhere(self):
        data = self.whole.read_bytes()
        for size in (0, 1, 23, 24, 1000, len(data) // 3, len(data) // 2, len(data) - 4096, len(data) - 100):
            with self.subTest(size=size):
                self.damaged.write_bytes(data[:size])
                self.fails(3, "run", "-m", self.damaged, *ASK)

    def test_a_flipped_bit_anywhere_in_the_tensors(self):
        tensors = self.ok_json("inspect", self.whole, "--json", "--no-load")["tensors"]
        pick = random.Random(30)
        for tensor in pick.sample([t for t in tensors if t["name"] != "sterna.checksums"], 12):
            with self.subTest(tensor=tensor["name"]):
                data = bytearray(self.whole.read_bytes())
                data[tensor["offset"] + pick.randrange(tensor["bytes"])] ^= 1 << pick.randrange(8)
                self.damaged.write_bytes(data)
                self.assertIn(tensor["name"], self.fails(3, "run", "-m", self.damaged, *ASK, "--verify-checksums"))

    def test_any_byte_changed_is_an_error_or_an_answer(self):
        data = self.whole.read_bytes()
        pick = random.Random(31)
        for _ in range(40):
            changed = bytearray(data)
            changed[pick.randrange(len(data))] = pick.choice((0, 1, 127, 255))
            self.damaged.write_bytes(changed)
            self.assertIn(sterna("run", "-m", self.damaged, *ASK).returncode, (0, 1, 3, 4))

    def test_places_and_names(self):
        inside = self.folder / "inside"
        inside.mkdir()
        other = self.folder / "other.sterna"
        shutil.copy(self.whole, other)
        link = inside / "link.sterna"
        link.symlink_to(other)
        before = other.read_bytes()
        # A link is replaced, not what it leads to; .. and odd names are names like any other.
        for target in (link, inside / ".." / "up.sterna", inside / "CON", inside / "a b%s\n.sterna"):
            self.ok("convert", TINY_MODEL, target, "--force", "--to", "i2_s")
            self.assertTrue(target.is_file() and not target.is_symlink())
        self.assertEqual(before, other.read_bytes())
        self.fails(1, "convert", TINY_MODEL, inside / ("n" * 300))
        self.fails(1, "convert", TINY_MODEL, inside / "none" / "x.sterna")


class Lines(SternaTest):
    """One text a line on stdin."""

    def vectors(self, text):
        return self.ok_json("embed", "-m", EMBEDDER, "--json", stdin=text)["embeddings"]

    def test_line_ends_and_no_last_one(self):
        expected = self.vectors("one\ntwo\n")
        self.assertEqual(len(expected), 2)
        for text in ("one\r\ntwo\r\n", "one\ntwo"):
            self.assertEqual(self.vectors(text), expected)

    def test_nothing_and_empty_lines(self):
        self.assertIn("no text", self.fails(2, "embed", "-m", EMBEDDER))
        result = sterna("embed", "-m", EMBEDDER, stdin="\n")
        self.assertIn(result.returncode, (0, 2))

    def test_bytes_that_are_no_text(self):
        for text in (b"\xef\xbb\xbfone\n", b"\xff\xfe\x00\x01\n", bytes(range(256))):
            with self.subTest(text=text[:8]):
                result = sterna("embed", "-m", EMBEDDER, "--json", stdin=text)
                self.assertIn(result.returncode, (0, 2))

    def test_a_line_of_a_hundred_megabytes(self):
        text = b"a " * (50 << 20)
        error = self.fails(4, "embed", "-m", EMBEDDER, stdin=text)
        self.assertLess(len(error), 1000)
        self.assertEqual(sterna("tokenize", "-m", EMBEDDER, stdin=text[:20 << 20]).returncode, 0)

    def test_ten_thousand_lines(self):
        self.assertEqual(len(self.ok("embed", "-m", EMBEDDER, stdin="a\n" * 10000).splitlines()), 10000)


if __name__ == "__main__":
    unittest.main()
