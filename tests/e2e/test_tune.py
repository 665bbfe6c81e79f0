# SPDX-License-Identifier: Apache-2.0
"""sterna tune, and what it keeps at work. Which settings win is up to the machine; the tests write a file of their own."""

import pathlib
import tempfile
import unittest

from harness import TINY_MODEL, SternaTest, environment, sterna

ONE = ("-m", TINY_MODEL, "-n", 1, "-p", "x", "--raw")


class Tune(SternaTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.env = environment(XDG_STATE_HOME=folder.name)

    def tune(self, *words):
        return self.ok_json("tune", "-m", TINY_MODEL, "--quick", "--json", *words, env=self.env)

    def run_verbose(self, *words, **variables):
        """What run -v says of kernels and threads."""
        result = self.check_ok(sterna("run", *ONE, "-v", *words, env={**self.env, **variables}))
        return next(line for line in result.stderr.decode().splitlines() if line.startswith("kernels: "))

    def keep(self, text):
        """Replaces what tune keeps for the model here; the path comes from tune itself."""
        path = pathlib.Path(self.tune("-t", 1, "--threads-prefill", 1, "--set", "batch.chunk_size=1",
                                      "--set", "inference.kernels=scalar")["file"])
        path.write_text(text)
        return path

    def test_it_measures_and_keeps(self):
        report = self.tune()
        path = pathlib.Path(report["file"])
        self.assertEqual(path.parent, self.folder / "sterna" / "tuned")
        self.assertTrue(path.read_text().startswith("# sterna tune, "))
        for speeds in (report["before"], report["after"]):
            self.assertGreater(speeds["prompt_tokens_per_second"], 0)
            self.assertGreater(speeds["generated_tokens_per_second"], 0)
        kept = [line for line in path.read_text().splitlines() if " = " in line]
        self.assertEqual(report["changed"], bool(kept))
        line = self.run_verbose()
        self.assertIn(f"kernels: {report['after']['kernels']}, threads: {report['after']['threads']}", line)

    def test_what_is_said_already_is_not_tried(self):
        result = sterna("tune", "-m", TINY_MODEL, "--quick", "-t", 1, "--threads-prefill", 1, "--set", "batch.chunk_size=1",
                        env=self.env | {"STERNA_ISA": "scalar"})
        lines = self.check_ok(result).stderr.decode().splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("kernels scalar, 1 thread(s), 1 in prompts, chunks of 64 tokens", lines[0])
        self.assertIn("nothing is faster", result.stdout.decode())

    def test_the_next_start_uses_it_unless_something_else_is_said(self):
        self.keep('[engine]\nthread_count = 3\n[inference]\nkernels = "scalar"\n')
        self.assertIn("kernels: scalar, threads: 3", self.run_verbose())
        self.assertIn("threads: 1", self.run_verbose("-t", 1))
        self.assertIn("threads: 5", self.run_verbose(STERNA_THREADS="5"))
        config = self.folder / "mine.toml"
        config.write_text("[engine]\nthread_count = 4\n")
        self.assertIn("kernels: scalar, threads: 4", self.run_verbose("--config", config))

    def test_a_preset_says_less_than_a_measurement(self):
        self.keep("[engine]\nthread_count = 3\n")
        self.assertIn("threads: 3", self.run_verbose(STERNA_PRESET="x86_64"))

    def test_it_is_for_this_model_alone(self):
        self.keep("[engine]\nthread_count = 3\n")
        other = self.folder / "other.gguf"
        other.write_bytes(pathlib.Path(TINY_MODEL).read_bytes())
        self.assertNotIn("threads: 3", self.run_verbose("-m", other, "-t", 1))
        self.assertNotIn("threads: 3", self.run_verbose("-m", other))

    def test_forget(self):
        path = self.keep("[engine]\nthread_count = 3\n")
        self.assertIn("removed", self.ok("tune", "-m", TINY_MODEL, "--forget", env=self.env))
        self.assertFalse(path.exists())
        self.assertIn("nothing was kept", self.ok("tune", "-m", TINY_MODEL, "--forget", env=self.env))

    def test_a_broken_file_is_told_and_passed_over(self):
        for text in ("nonsense", "[engine]\nthread_count = 0\n", "[engine]\nno_such_key = 1\n"):
            self.keep(text)
            result = self.check_ok(sterna("run", *ONE, env=self.env))
            self.assertIn(b"sterna tune", result.stderr)

    def test_places_that_are_missing(self):
        self.fails(3, "tune", "-m", self.folder / "missing.gguf", env=self.env)
        self.assertIn("too short", self.fails_at_the_end(4, "--ctx", 8))

    def fails_at_the_end(self, code, *words):
        result = sterna("tune", "-m", TINY_MODEL, "--quick", *words, env=self.env)
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stderr.decode()


if __name__ == "__main__":
    unittest.main()
