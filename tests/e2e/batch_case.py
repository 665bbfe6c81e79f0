# SPDX-License-Identifier: Apache-2.0
"""What the tests of sterna batch share: rows in every input format, and reading every output format."""

import csv
import io
import json
import pathlib
import tempfile

from harness import TINY_MODEL, SternaTest, sterna

FEW = ("-m", TINY_MODEL, "-n", 6, "--ignore-eos")


def as_text(prompts):
    return "".join(prompt + "\n" for prompt in prompts)


def as_csv(prompts):
    out = io.StringIO()
    csv.writer(out).writerows([["prompt"]] + [[prompt] for prompt in prompts])
    return out.getvalue()


INPUTS = {"txt": as_text, "json": json.dumps,
          "jsonl": lambda prompts: "".join(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts),
          "csv": as_csv}
OUTPUTS = ("json", "jsonl", "csv")


def read_results(path):
    """The rows of an output file as dictionaries, by the end of its name; of CSV the cells that are not empty."""
    path = pathlib.Path(path)
    text = path.read_bytes().decode()
    if path.suffix == ".json":
        return json.loads(text)["results"]
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    return [{name: cell for name, cell in row.items() if cell}
            for row in csv.DictReader(io.StringIO(text, newline=""), strict=True)]


class BatchTest(SternaTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def path(self, name, content=None):
        path = self.folder / name
        if isinstance(content, str):
            content = content.encode()
        if content is not None:
            path.write_bytes(content)
        return path

    def batch(self, source, target, *words, code=0, **options):
        result = sterna("batch", *FEW, "-i", source, "-o", target, *words, **options)
        stderr = result.stderr.decode(errors="replace")
        self.assertEqual(result.returncode, code, stderr)
        self.assertEqual(result.stdout, b"")
        return stderr

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())
