# SPDX-License-Identifier: Apache-2.0
"""Files that are missing, are no models, or are broken: exit 3 and one line that names the file."""

import os
import shutil
import subprocess
import tempfile
import unittest

from harness import BUILT_IN_MODEL, EXECUTABLE, TINY_MODEL, VOCABULARY_ONLY, SternaTest, environment

READERS = (("run", "-p", "x"), ("chat",), ("tokenize",), ("detokenize",), ("eval", "logits", "--ids", "1", "-o", "/dev/null"),
           ("bench", "-p", "1", "-n", "1", "-r", "1"))


class Files(SternaTest):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, data, name="model.gguf"):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def refused(self, path, *words):
        line = self.fails(3, *(words or ("run", "-p", "x")), "-m", path)
        self.assertIn(os.path.basename(path)[:20].split("\n")[0], line)
        return line

    def test_missing_for_every_verb(self):
        for words in READERS:
            with self.subTest(verb=words):
                self.refused("/nonexistent/model.gguf", *words)

    def test_folders_devices_and_pipes(self):
        self.refused(self.folder.name)
        self.refused("/dev/zero")
        fifo = os.path.join(self.folder.name, "fifo")
        os.mkfifo(fifo)
        self.refused(fifo)

    def test_no_models(self):
        self.refused(self.file(b""))
        self.refused(self.file(b"GGUF"))
        self.refused(self.file(b"{}" * 100))
        self.refused(self.file(bytes(4096)))

    def test_truncated_anywhere(self):
        with open(TINY_MODEL, "rb") as file:
            data = file.read()
        for size in (5, 24, 100, 4000, len(data) // 2, len(data) - 1):
            with self.subTest(size=size):
                self.refused(self.file(data[:size]))

    def test_counts_that_cannot_be(self):
        with open(TINY_MODEL, "rb") as file:
            data = file.read()
        self.refused(self.file(data[:8] + b"\xff" * 8 + data[16:]))
        self.refused(self.file(data[:16] + b"\xff" * 8 + data[24:]))

    def test_a_vocabulary_alone_does_not_run(self):
        self.refused(VOCABULARY_ONLY)

    def test_a_name_with_control_characters_stays_one_line(self):
        with open(TINY_MODEL, "rb") as file:
            data = file.read()
        line = self.refused(self.file(data[:100], "mo\n\x1b[31mdel.gguf"))
        self.assertNotIn("\x1b", line)

    def test_a_missing_prompt_file(self):
        self.assertIn("/nonexistent.txt", self.fails(3, "run", "-m", BUILT_IN_MODEL, "-f", "/nonexistent.txt"))

    def test_a_missing_built_in_model_names_where_it_was_looked_for(self):
        copy = os.path.join(self.folder.name, "bin", "sterna")
        os.mkdir(os.path.dirname(copy))
        shutil.copy(EXECUTABLE, copy)
        result = subprocess.run([copy, "run", "-p", "x"], capture_output=True, env=environment(), timeout=60, check=False)
        self.assertEqual(result.returncode, 3)
        self.assertIn(b"models/sterna-dictionary", result.stderr)
        os.makedirs(os.path.join(self.folder.name, "share", "sterna", "models"))
        shutil.copy(BUILT_IN_MODEL, os.path.join(self.folder.name, "share", "sterna", "models"))
        result = subprocess.run([copy, "run", "-p", "What is a dog?", "-n", "2"], capture_output=True, env=environment(),
                                timeout=60, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)


if __name__ == "__main__":
    unittest.main()
