# SPDX-License-Identifier: Apache-2.0
"""A scratch folder with given files, on which a check runs."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "checks"))

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"


class CheckTest(unittest.TestCase):
    """Base of the tests: self.tree({path: text}) makes the folder, self.complains(check, part) asks for a complaint."""

    def tree(self, files):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        root = pathlib.Path(folder.name)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return root

    def assert_complains(self, complaints, *parts):
        self.assertEqual(len(complaints), len(parts), complaints)
        for complaint, part in zip(complaints, parts):
            self.assertIn(part, complaint)
