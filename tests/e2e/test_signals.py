# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C and readers that go away. Every signal is sent after output was seen, so nothing here waits for a clock."""

import os
import pty
import select
import signal
import subprocess
import unittest

from harness import BUILT_IN_MODEL, TINY_MODEL, SternaTest, command, environment

# Slow enough that the signal comes long before the end: one thread of the scalar kernels.
ENDLESS = ("-m", TINY_MODEL, "-n", 4000, "--ignore-eos", "-t", 1)
WAIT_SECONDS = 60


def start(*words):
    return subprocess.Popen(command(*words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=environment(STERNA_ISA="scalar"))


class Pipes(SternaTest):
    def test_run_ends_with_what_it_has(self):
        process = start("run", *ENDLESS, "-p", "a")
        first = process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        rest, stderr = process.communicate(timeout=WAIT_SECONDS)
        self.assertEqual(process.returncode, 130, stderr)
        self.assertTrue((first + rest).endswith(b"\n"))
        self.assertEqual(stderr, b"")

    def test_chat_stops_the_answer_and_goes_on(self):
        process = start("chat", *ENDLESS)
        process.stdin.write(b"a\n")
        process.stdin.flush()
        process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        output, stderr = process.communicate(b"/stats\n", timeout=WAIT_SECONDS)
        self.assertEqual(process.returncode, 0, stderr)
        self.assertIn(b"(stopped)", stderr)
        generated = [line for line in output.splitlines() if line.startswith(b"last_generated_tokens")]
        self.assertEqual(len(generated), 1, output)
        self.assertLess(int(generated[0].split()[1]), 4000)

    def test_chat_goes_on_after_an_interrupt_between_lines(self):
        process = start("chat", *ENDLESS)
        process.stdin.write(b"/config\n")
        process.stdin.flush()
        while not process.stdout.readline().startswith(b"seed"):
            pass
        process.send_signal(signal.SIGINT)
        output, stderr = process.communicate(b"/stats\n", timeout=WAIT_SECONDS)
        self.assertEqual(process.returncode, 0, stderr)
        self.assertIn(b"turns 0", output)

    def test_a_verb_without_partial_results_ends_at_once(self):
        process = start("bench", "-m", TINY_MODEL, "-n", 4000, "-p", 4000, "-t", 1, "-v")
        while b"model:" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=WAIT_SECONDS)
        self.assertEqual(process.returncode, 130)

    def test_a_reader_that_goes_away_ends_run_quietly(self):
        process = start("run", *ENDLESS, "-p", "a")
        process.stdin.close()
        process.stdout.read(1)
        process.stdout.close()
        self.assertEqual(process.wait(timeout=WAIT_SECONDS), 0)
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()

    def test_a_reader_that_goes_away_ends_chat_quietly(self):
        process = start("chat", *ENDLESS)
        process.stdin.write(b"a\nb\nc\n")
        process.stdin.flush()
        process.stdout.read(1)
        process.stdout.close()
        self.assertEqual(process.wait(timeout=WAIT_SECONDS), 0)
        self.assertEqual(process.stderr.read(), b"")
        process.stdin.close()
        process.stderr.close()


class Terminal(SternaTest):
    """chat on a pseudo-terminal."""

    def setUp(self):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            words = command("chat", "-m", BUILT_IN_MODEL, "--temp", "0")
            os.execve(words[0], words, environment(TERM="dumb"))
        self.seen = b""
        self.addCleanup(os.close, self.terminal)

    def wait_for(self, text, again=b""):
        """Reads until `text` shows and forgets everything up to its end; `again` as for exit_code."""
        silent_seconds = 0
        while text not in self.seen:
            if not select.select([self.terminal], [], [], 1)[0]:
                silent_seconds += 1
                self.assertLess(silent_seconds, WAIT_SECONDS, f"waited for {text!r}, saw {self.seen!r}")
                self.type(again)
                continue
            try:
                self.seen += os.read(self.terminal, 4096)
            except OSError:
                self.fail(f"the program ended before {text!r}; saw {self.seen!r}")
        before, _, self.seen = self.seen.partition(text)
        return before

    def type(self, text):
        os.write(self.terminal, text)

    def exit_code(self, again=b""):
        """Reads until the program closes the terminal. Types `again` whenever it stays silent for a second: what is
        typed between the prompt and the editor's switch to raw mode may be lost, and a person types it again."""
        try:
            for _ in range(WAIT_SECONDS):
                if not select.select([self.terminal], [], [], 1)[0]:
                    self.type(again)
                elif not os.read(self.terminal, 4096):
                    break
            else:
                os.kill(self.pid, signal.SIGKILL)
        except OSError:  # Linux's way of saying that the other side closed
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def test_ctrl_c_clears_the_line_and_ctrl_d_ends(self):
        self.wait_for(b"> ")
        self.type(b"/nonsense")
        self.wait_for(b"nonsense", again=b"/nonsense")
        self.type(b"\x03")
        self.wait_for(b"> ", again=b"\x03")
        self.type(b"/stats\r")
        self.assertNotIn(b"unknown command", self.wait_for(b"turns 0", again=b"/stats\r"))
        self.wait_for(b"> ")
        self.type(b"\x04")
        self.assertEqual(self.exit_code(again=b"\x04"), 0)

    def test_answers_show_on_the_terminal(self):
        self.wait_for(b"> ")
        self.type(b"What is a sparrow?\r")
        self.wait_for(b"sparrow?", again=b"What is a sparrow?\r")
        self.assertTrue(self.wait_for(b"> ").strip())
        self.type(b"/quit\r")
        self.assertEqual(self.exit_code(), 0)

    def test_ctrl_d_typed_while_an_answer_is_written_ends_the_chat_after_it(self):
        self.wait_for(b"> ")
        self.type(b"What is a sparrow?\r")
        self.wait_for(b"sparrow?", again=b"What is a sparrow?\r")
        self.wait_for(b" is ")
        self.type(b"\x04")
        self.assertEqual(self.exit_code(), 0)


if __name__ == "__main__":
    unittest.main()
