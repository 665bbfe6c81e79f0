# SPDX-License-Identifier: Apache-2.0
"""Memory limits, measured by the kernel: a model larger than its limit runs, and gives what it gives without one."""

import json
import os
import pathlib
import subprocess
import tempfile

from harness import SternaTest, command, environment

DUMMY_MODEL = os.environ.get("STERNA_DUMMY_MODEL", "build/tools/dummy_model/sterna_dummy_model")
MIB = 1 << 20
LIMIT_MIB = 64
# 59 MB of ternary weights and 16 MB of embedding.
SHAPE = ("--hidden", "1024", "--ffn", "4096", "--layers", "16", "--heads", "8", "--kv-heads", "2", "--vocab", "8000")
RUN = ("-p", "seven words that make a short prompt", "-n", "3", "--raw", "--temp", "0", "--ctx", "64", "-t", "1",
       "--ignore-eos", "--json")
ACTIVATION = ("--ffn-act", "relu2")  # which no file of an unknown shape says


class MemoryLimit(SternaTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        for ternary in ("I2_S", "TQ1_0"):
            subprocess.run([DUMMY_MODEL, *SHAPE, "--type", ternary, "-o", cls.folder / f"{ternary}.gguf"], check=True,
                           stdout=subprocess.DEVNULL)
        subprocess.run(command("convert", cls.folder / "I2_S.gguf", cls.folder / "converted.sterna", *ACTIVATION), check=True,
                       capture_output=True)

    def run_measured(self, model, *flags):
        """Tokens, the largest resident memory in bytes, and what stderr said."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(command("run", "-m", self.folder / model, *RUN, *ACTIVATION, *flags), stdout=out, stderr=err,
                                       stdin=subprocess.DEVNULL, env=environment())
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0), err.seek(0)
            messages = err.read().decode()
            self.assertEqual(process.returncode, 0, messages)
            return json.load(out)["tokens"], usage.ru_maxrss * 1024, messages

    def test_a_model_larger_than_its_limit_runs_below_it(self):
        for model in ("I2_S.gguf", "TQ1_0.gguf", "converted.sterna"):
            with self.subTest(model=model):
                tokens, peak, _ = self.run_measured(model)
                self.assertGreater(peak, LIMIT_MIB * MIB * 1.2)
                limited, limited_peak, messages = self.run_measured(model, "--memory-limit", LIMIT_MIB)
                self.assertEqual(limited, tokens)
                self.assertLess(limited_peak, LIMIT_MIB * MIB * 1.05)
                self.assertIn("its weights are streamed from the file", messages)
                self.assertEqual(len(messages.splitlines()), 1, messages)

    def test_verbose_tells_what_streaming_did(self):
        _, _, messages = self.run_measured("I2_S.gguf", "--memory-limit", LIMIT_MIB, "-v")
        self.assertRegex(messages, r"weights: I2_S \(streamed\)")
        self.assertRegex(messages, r"matrices by the rule that placed them: window 113 \([0-9.]+ MB\); 0 reads, 0 at once\n")
        self.assertRegex(messages, r"window of streamed weights [0-9.]+ MB")
        self.assertRegex(messages, r"streamed weights: \d+ parts were there when needed, \d+ were not; \d+ loads")

    def test_bench_counts_what_streaming_did(self):
        report = self.ok_json("bench", "-m", self.folder / "I2_S.gguf", "-p", 0, "-n", 2, "-r", 1, "--ctx", 64, "-t", 1,
                              "--weights", "streamed", "--json", *ACTIVATION)
        stream = report["stream"]
        self.assertGreater(stream["loads"], 0)
        self.assertGreater(stream["bytes_read"], 0)
        self.assertGreater(stream["hits"] + stream["misses"], 16)
        self.assertIn("stall_ms", stream)

    def test_a_limit_below_the_smallest_window_is_refused_with_the_biggest_items(self):
        for limit in (2, 20):
            message = self.fails(4, "run", "-m", self.folder / "I2_S.gguf", *RUN, *ACTIVATION, "--memory-limit",
                                 limit)
            self.assertRegex(message, r"biggest[^(]*: [^,]+, [^,]+, [^,]+\)")
            self.assertIn("--ctx", message)

    def test_weights_that_are_to_be_held_are_refused_naming_the_way_out(self):
        message = self.fails(4, "run", "-m", self.folder / "I2_S.gguf", *RUN, *ACTIVATION, "--memory-limit",
                             LIMIT_MIB, "--weights", "copied")
        self.assertIn("--weights streamed", message)
