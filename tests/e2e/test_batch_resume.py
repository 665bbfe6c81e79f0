# SPDX-License-Identifier: Apache-2.0
"""sterna batch that is interrupted, killed, or out of disk, and goes on. Signals are sent after a row was seen in the
journal, so nothing here waits for a clock."""

import json
import resource
import signal
import subprocess
import time
import unittest

from batch_case import FEW, BatchTest, read_results
from harness import command, environment, sterna

ROWS = 40
WAIT_SECONDS = 60
SLOW = environment(STERNA_ISA="scalar")


def answers(path):
    return [(row["prompt"], row["output"], row["tokens_generated"]) for row in read_results(path)]


class Resume(BatchTest):
    def setUp(self):
        super().setUp()
        self.source = self.path("in.jsonl", "".join(json.dumps({"prompt": f"row {i}", "max_tokens": 20}) + "\n"
                                                    for i in range(ROWS)))
        self.out = self.path("out.jsonl")
        self.journal = self.path("out.jsonl.journal")

    def words(self, *more):
        return ("batch", *FEW, "-t", 1, "-i", self.source, "-o", self.out, "--workers", 2, *more)

    def start(self, *more):
        return subprocess.Popen(command(*self.words(*more)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=SLOW)

    def answered(self):
        return self.journal.read_bytes().count(b"\n") - 1 if self.journal.exists() else 0

    def stop_after_some(self, signal_number):
        """Sends the signal once two answers are there; the return code and stderr."""
        process = self.start()
        while self.answered() < 2 and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal_number)
        _, stderr = process.communicate(timeout=WAIT_SECONDS)
        return process.returncode, stderr.decode()

    def expected(self):
        whole = self.path("whole.jsonl")
        self.batch(self.source, whole, "--workers", 1)
        return answers(whole)

    def check_goes_on(self):
        whole_lines = self.journal.read_text().split("\n")[1:-1]
        kept = [json.loads(line) for line in whole_lines]
        self.assertLess(len(kept), ROWS)
        self.assertFalse(self.out.exists())
        self.check_ok(sterna(*self.words()))
        self.assertEqual(answers(self.out), self.expected())
        times = {row["index"]: row["time_ms"] for row in read_results(self.out)}
        for row in kept:
            self.assertEqual(times[row["index"]], row["time_ms"], "a row was computed again")
        self.assertFalse(self.journal.exists())

    def test_after_ctrl_c(self):
        code, stderr = self.stop_after_some(signal.SIGINT)
        self.assertEqual(code, 130, stderr)
        self.assertIn("the same command goes on", stderr)
        self.check_goes_on()

    def test_after_a_kill(self):
        self.stop_after_some(signal.SIGKILL)
        with self.journal.open("ab") as journal:
            journal.write(b'{"index":39,"outp')  # a line that was being written
        self.path("out.jsonl.part", "half")
        self.check_goes_on()
        self.assertEqual(self.names(), ["in.jsonl", "out.jsonl", "whole.jsonl"])

    def test_with_another_input_or_other_settings_it_is_refused(self):
        self.stop_after_some(signal.SIGINT)
        kept = self.journal.read_bytes()
        self.assertIn("other settings", self.fails(2, *self.words("--temp", 0)))
        self.source.write_text(self.source.read_text() + '"one more"\n')
        self.assertIn("another input", self.fails(2, *self.words()))
        self.assertEqual(self.journal.read_bytes(), kept)
        self.check_ok(sterna(*self.words("--restart")))
        self.assertEqual(len(read_results(self.out)), ROWS + 1)

    def test_two_processes_do_not_write_one_output(self):
        process = self.start()
        while self.answered() < 1 and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGSTOP)
        self.assertIn("another process", self.fails(1, *self.words()))
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=WAIT_SECONDS)

    def test_failed_rows_are_tried_again(self):
        self.source.write_text('"a"\n{"prompt":"b","temperature":9}\n' + self.source.read_text())
        self.stop_after_some(signal.SIGINT)
        indices = [json.loads(line)["index"] for line in self.journal.read_text().splitlines()[1:]]
        self.assertNotIn(1, indices)

    def test_a_full_disk_ends_the_run_and_the_answers_stay(self):
        def limit_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))

        done = subprocess.run(command(*self.words()), capture_output=True, timeout=WAIT_SECONDS, env=SLOW,
                              preexec_fn=limit_files, restore_signals=False, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"sterna: error: cannot write '", done.stderr.splitlines()[-1])
        self.assertGreater(self.answered(), 1)
        self.check_goes_on()

    def test_no_space_for_the_output_itself(self):
        def limit_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

        # One answer fits the journal; with its long prompt beside it, it does not fit the output.
        self.source.write_text(json.dumps({"prompt": "row", "id": "x" * 4096, "max_tokens": 1}) + "\n")
        done = subprocess.run(command(*self.words()), capture_output=True, timeout=WAIT_SECONDS, env=SLOW,
                              preexec_fn=limit_files, restore_signals=False, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(self.names(), ["in.jsonl", "out.jsonl.journal"])
        self.check_ok(sterna(*self.words()))
        self.assertEqual(self.names(), ["in.jsonl", "out.jsonl"])


if __name__ == "__main__":
    unittest.main()
