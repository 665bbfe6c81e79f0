# SPDX-License-Identifier: Apache-2.0
"""sterna pull: connections that break, Ctrl-C, two pulls at once."""

import signal
import subprocess
import time
import unittest

from harness import command
from pull_case import BIG, WAIT_SECONDS, PullTest


class Broken(PullTest):
    def test_goes_on_after_a_broken_connection(self):
        self.hub.repositories["o/m"]["m-i2_s.gguf"] = BIG
        self.hub.cuts = [1_500_000, 1_000_000]
        self.assertEqual(self.pull("o/m").read_bytes(), BIG)
        self.assertEqual([headers.get("Range") for headers in self.hub.file_requests()],
                         [None, "bytes=1500000-", "bytes=2500000-"])

    def leave_a_part(self, data=BIG, size=1_500_000):
        self.hub.repositories["o/m"]["m-i2_s.gguf"] = data
        self.hub.cuts = [size]
        self.refused(1, "pull", "o/m", "--retries", 0)
        self.assertEqual((self.cache / "o/m/m-i2_s.gguf.partial").read_bytes(), data[:size])
        self.hub.requests.clear()

    def test_the_next_pull_goes_on_and_meanwhile_it_is_no_model(self):
        self.leave_a_part()
        self.assertIn("sterna pull", self.refused(3, "inspect", "o/m"))
        self.assertEqual(self.pull("o/m").read_bytes(), BIG)
        self.assertEqual([headers.get("Range") for headers in self.hub.file_requests()], ["bytes=1500000-"])

    def test_a_part_of_another_file_is_thrown_away(self):
        self.leave_a_part()
        changed = BIG[:100] + b"!" + BIG[101:]
        self.hub.repositories["o/m"]["m-i2_s.gguf"] = changed
        self.assertEqual(self.pull("o/m").read_bytes(), changed)
        self.assertNotIn("Range", self.hub.file_requests()[0])

    def test_without_checksums_the_etag_decides(self):
        self.hub.checksums = False
        self.leave_a_part()
        self.assertEqual(self.pull("o/m").read_bytes(), BIG)
        self.assertIn("If-Range", self.hub.file_requests()[0])
        self.pull("--rm", "o/m")
        self.leave_a_part()
        changed = BIG[:100] + b"!" + BIG[101:]
        self.hub.repositories["o/m"]["m-i2_s.gguf"] = changed
        self.assertEqual(self.pull("o/m").read_bytes(), changed)

    def test_a_server_without_ranges_starts_anew(self):
        self.leave_a_part()
        self.hub.ignore_ranges = True
        self.assertEqual(self.pull("o/m").read_bytes(), BIG)

    def test_a_wrong_part_of_the_file_is_refused(self):
        self.leave_a_part()
        self.hub.headers = {"Content-Range": f"bytes 7-{len(BIG) - 1}/{len(BIG)}"}
        self.assertIn("another part", self.refused(3, "pull", "o/m"))

    def test_force_throws_a_part_away(self):
        self.leave_a_part()
        self.assertEqual(self.pull("o/m", "--force").read_bytes(), BIG)
        self.assertNotIn("Range", self.hub.file_requests()[0])

    def test_ctrl_c_leaves_a_part_that_the_next_pull_uses(self):
        self.hub.repositories["o/m"]["m-i2_s.gguf"] = BIG
        self.hub.hold_after = 2_000_000
        process = subprocess.Popen(command("pull", "o/m"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env)
        self.assertTrue(self.hub.holding.wait(WAIT_SECONDS))
        part = self.cache / "o/m/m-i2_s.gguf.partial"
        self.wait_for(lambda: part.exists() and part.stat().st_size == 2_000_000)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=WAIT_SECONDS)
        self.assertEqual((process.returncode, stdout), (130, b""), stderr)
        self.assertIn(b"goes on from there", stderr)
        self.hub.hold_after = None
        self.hub.release.set()
        self.assertEqual(self.pull("o/m").read_bytes(), BIG)
        self.assertEqual(self.hub.file_requests()[-1]["Range"], "bytes=2000000-")

    def wait_for(self, condition):
        end = time.monotonic() + WAIT_SECONDS
        while not condition():
            self.assertLess(time.monotonic(), end, "waited too long")
            time.sleep(0.01)

    def test_two_pulls_of_one_file_fetch_it_once(self):
        self.hub.hold_after = 1000
        first = subprocess.Popen(command("pull", "o/m"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env)
        self.assertTrue(self.hub.holding.wait(WAIT_SECONDS))
        second = subprocess.Popen(command("pull", "o/m"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env)
        self.assertIn(b"another process", second.stderr.readline())
        self.assertIn("another process", self.refused(1, "pull", "--rm", "o/m"))
        self.hub.release.set()
        outputs = [process.communicate(timeout=WAIT_SECONDS)[0] for process in (first, second)]
        self.assertEqual([first.returncode, second.returncode], [0, 0])
        self.assertEqual(outputs[0], outputs[1])
        self.assertEqual(len(self.hub.file_requests()), 1)

    def test_a_server_that_stalls_is_left(self):
        self.hub.hold_after = 1000
        line = self.refused(1, "pull", "o/m", "--timeout", 1, "--retries", 0)
        self.assertIn("m-i2_s.gguf", line)


if __name__ == "__main__":
    unittest.main()
