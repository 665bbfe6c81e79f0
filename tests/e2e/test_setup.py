# SPDX-License-Identifier: Apache-2.0
"""sterna setup: what it finds, writes and leaves alone."""

import os
import pathlib
import pty
import subprocess
import tempfile
import unittest

from harness import SternaTest, command, environment


class Setup(SternaTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / "sterna" / "sterna.toml"
        self.env = environment(XDG_CONFIG_HOME=str(self.folder))

    def setup_json(self, *words):
        return self.ok_json("setup", "--json", *words, env=self.env)

    def test_yes_writes_what_is_recommended(self):
        report = self.setup_json("--yes")
        self.assertTrue(report["written"])
        self.assertEqual(report["file"], str(self.file))
        for setting in report["settings"]:
            self.assertRegex(self.file.read_text(), f'(?m)^{setting["key"].split(".")[-1]} = "?{setting["recommended"]}"?$')
        self.ok("config", "validate", env=self.env)
        devices = self.ok_json("devices", "--quick", "--json")
        self.assertEqual((report["cpu"], report["cores"]), (devices["cpu"], devices["usable_cores"]))

    def test_check_only_writes_nothing(self):
        text = self.ok("setup", "--check-only", env=self.env)
        self.assertIn("set      preset = ", text)
        self.assertIn("nothing was written", text)
        self.assertFalse(self.file.exists())

    def test_what_the_file_says_stays(self):
        self.file.parent.mkdir()
        self.file.write_text("# mine\npreset = \"server\"\n[engine]\nthread_count = 1\nmemory_limit_mb = 900\n")
        before = self.file.read_text()
        report = self.setup_json("--yes")
        self.assertEqual(report["settings"][0]["there"], "server")
        self.assertFalse(report["written"])
        self.assertEqual(self.file.read_text(), before)

    def test_other_keys_of_the_file_stay(self):
        self.file.parent.mkdir()
        self.file.write_text("# mine\n[engine]\nthread_count = 1\n")
        self.assertTrue(self.setup_json("--yes")["written"])
        self.assertIn("# mine\n", self.file.read_text())
        self.assertIn("thread_count = 1\n", self.file.read_text())

    def test_it_asks_on_a_terminal(self):
        for answer, written in ((b"n\n", False), (b"y\n", True)):
            leader, follower = pty.openpty()
            process = subprocess.Popen(command("setup"), stdin=follower, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       env=self.env)
            os.close(follower)
            os.write(leader, answer)
            output, stderr = process.communicate(timeout=60)
            os.close(leader)
            self.assertEqual(process.returncode, 0, stderr)
            self.assertEqual(self.file.exists(), written, output)

    def test_wrong_use_and_broken_files(self):
        self.assertIn("--yes", self.fails_after_text(2, "setup"))
        self.assertIn("contradict", self.fails(2, "setup", "--yes", "--check-only", env=self.env))
        self.file.parent.mkdir()
        self.file.write_text("nonsense")
        self.fails(2, "setup", "--check-only", env=self.env)
        self.assertEqual(self.file.read_text(), "nonsense")

    def fails_after_text(self, code, *words):
        """As fails, for a verb that has shown its plan before."""
        done = subprocess.run(command(*words), input=b"", capture_output=True, timeout=60, env=self.env, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr.decode()


if __name__ == "__main__":
    unittest.main()
