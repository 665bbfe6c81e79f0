# SPDX-License-Identifier: Apache-2.0
"""The table of docs/convert.md holds: every format of every architecture gives the logits of the Hugging Face class."""

import pathlib
import sys
import tempfile
import unittest

from harness import EXECUTABLE, REPOSITORY

sys.path.insert(0, str(REPOSITORY / "tools"))
from format_matrix import FORMATS, MODELS, Matrix  # noqa: E402

TOLERANCE = 1e-5  # of the standard deviation of the logits, as the golden tests have it


class FormatMatrix(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.matrix = Matrix(EXECUTABLE, pathlib.Path(folder.name))

    def test_every_format_of_every_architecture(self):
        for architecture in MODELS:
            for form in FORMATS:
                with self.subTest(architecture=architecture, format=form):
                    self.assertLessEqual(self.matrix.cell(architecture, form), TOLERANCE)

    def test_a_folder_of_every_architecture(self):
        for architecture in MODELS:
            with self.subTest(architecture=architecture):
                self.assertLessEqual(self.matrix.folder_cell(architecture), TOLERANCE)


if __name__ == "__main__":
    unittest.main()
