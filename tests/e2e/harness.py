# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: where things are, and running the executable.

Run all of them by hand with
    STERNA_EXE=build/sterna python3 -m unittest discover -s tests/e2e
"""

import json
import os
import pathlib
import subprocess
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
EXECUTABLE = pathlib.Path(os.environ.get("STERNA_EXE", REPOSITORY / "build" / "sterna")).resolve()
BUILT_IN_MODEL = str(REPOSITORY / "models" / "sterna-dictionary-i2_s.gguf")
TINY_MODEL = str(REPOSITORY / "tests" / "data" / "models" / "b158-tiny.i2_s.gguf")
# What two of the models need to be read.
TILES = {"b158-q6_k.tl1.gguf": ("--tl-tiles", "256x256=128,64,64/128x256=64,128,32"),
         "b158-q6_k.tl2.gguf": ("--tl-tiles", "256x256=128,96,32/128x256=64,192,32")}
VOCABULARY_ONLY = str(REPOSITORY / "tests" / "data" / "tokenizer" / "bpe-llama3.gguf")
TIMEOUT_SECONDS = 120


def environment(**extra):
    """The environment of a run: the caller's without STERNA_* names, and what the test adds."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith("STERNA_")}
    # A sanitizer's exit code must not look like one of Sterna's.
    variables["ASAN_OPTIONS"] = "exitcode=99:" + variables.get("ASAN_OPTIONS", "")
    variables["UBSAN_OPTIONS"] = "exitcode=99:" + variables.get("UBSAN_OPTIONS", "")
    variables["XDG_CONFIG_HOME"] = variables["XDG_STATE_HOME"] = "/nowhere"  # not the settings of whoever runs the tests
    variables.update(extra)
    return variables


def command(*words):
    return [str(EXECUTABLE), *[word if isinstance(word, bytes) else str(word) for word in words]]


def sterna(*words, stdin=b"", env=None, cwd=None):
    """Runs sterna to its end; stdout and stderr come back as bytes."""
    if isinstance(stdin, str):
        stdin = stdin.encode()
    return subprocess.run(command(*words), input=stdin, capture_output=True, timeout=TIMEOUT_SECONDS,
                          env=env or environment(), cwd=cwd, check=False)


class SternaTest(unittest.TestCase):
    """Checks that every verb's tests need."""

    def check_ok(self, result):
        self.assertEqual(result.returncode, 0, result.stderr.decode(errors="replace"))
        return result

    def ok(self, *words, **options):
        """Runs and expects exit 0; returns stdout as text."""
        return self.check_ok(sterna(*words, **options)).stdout.decode()

    def ok_json(self, *words, **options):
        return json.loads(self.ok(*words, **options))

    def fails(self, code, *words, **options):
        """Runs and expects this exit code, nothing on stdout and one error line; returns the line."""
        result = sterna(*words, **options)
        stderr = result.stderr.decode(errors="replace")
        self.assertEqual(result.returncode, code, stderr)
        self.assertEqual(result.stdout, b"")
        lines = stderr.splitlines()
        self.assertEqual(len(lines), 1, stderr)
        self.assertTrue(lines[0].startswith("sterna: error: "), stderr)
        self.assertIn("; ", lines[0], "the line says what is wrong but not how to mend it")
        return lines[0]
