# SPDX-License-Identifier: Apache-2.0
"""Examples of the documents, typed as they stand.

A block that is marked `console` holds commands (`$ ...`), what they print on stdout and stderr together, and `(exit N)` where the
exit code is not 0. `...` stands for any text, also none, and on a line of its own for any lines.
"""

import pathlib
import re
import subprocess
import tempfile
import unittest

from harness import EXECUTABLE, REPOSITORY, environment

BLOCK = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)
EXIT = re.compile(r"^\(exit (\d+)\)\n", re.MULTILINE)


def examples(text):
    """(line, command, what it prints, exit code) of each command in the blocks of a document."""
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start(1)) + 1
        for part in re.split(r"^(?=\$ )", block.group(1), flags=re.MULTILINE):
            if part:
                command, _, rest = part[2:].partition("\n")
                code = EXIT.search(rest)
                yield line, command, EXIT.sub("", rest), int(code.group(1)) if code else 0
            line += part.count("\n")


def lay_out(folder):
    """Makes a folder look like the root of the repository after `make build`; what examples write stays in it."""
    for name in ("models", "tests", "docs", "examples", "LICENSE"):
        (folder / name).symlink_to(REPOSITORY / name)
    (folder / "build").mkdir()
    (folder / "build" / "sterna").symlink_to(EXECUTABLE)


def pattern(printed):
    """A regular expression of what a document says is printed."""
    parts = []
    for line in printed.splitlines():
        if line == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*".join(re.escape(piece) for piece in line.split("...")) + r"\n")
    return "".join(parts)


class Documents(unittest.TestCase):
    maxDiff = None

    def test_every_console_example_prints_what_it_says(self):
        for document in sorted((*REPOSITORY.glob("docs/*.md"), REPOSITORY / "README.md")):
            with tempfile.TemporaryDirectory() as folder:
                lay_out(pathlib.Path(folder))
                for line, command, printed, code in examples(document.read_text()):
                    with self.subTest(document=document.name, line=line, command=command):
                        self.check(folder, command, printed, code)

    def check(self, folder, command, printed, code):
        done = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120, cwd=folder, env=environment(), check=False)
        output = done.stdout.decode(errors="replace")
        self.assertEqual(done.returncode, code, output)
        self.assertIsNotNone(re.fullmatch(pattern(printed), output), f"printed:\n{output}instead of:\n{printed}")


class Patterns(unittest.TestCase):
    def test_dots_stand_for_any_text(self):
        self.assertRegex("a 12 b\n", f"^{pattern('a ... b')}$")
        self.assertRegex("x\ny\nlast\n", f"^{pattern('...' + chr(10) + 'last')}$")
        self.assertIsNone(re.fullmatch(pattern("a b"), "a b c\n"))

    def test_commands_and_exit_codes_are_found(self):
        text = "text\n```console\n$ one\nout\n(exit 3)\n$ two\n```\n"
        self.assertEqual(list(examples(text)), [(3, "one", "out\n", 3), (6, "two", "", 0)])


if __name__ == "__main__":
    unittest.main()
