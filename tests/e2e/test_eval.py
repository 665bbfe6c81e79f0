# SPDX-License-Identifier: Apache-2.0
"""sterna eval logits and perplexity."""

import json
import math
import os
import struct
import tempfile
import unittest

from harness import BUILT_IN_MODEL, TINY_MODEL, SternaTest, environment, sterna

IDS = [283, 10, 20, 30, 40, 50, 60, 70, 80]
TEXT = "A sparrow is a small brown bird. A piano is an instrument with keys. " * 8


def read_npy(path):
    """Shape and values of a float32 .npy file in C order."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"\x93NUMPY\x01\x00", data[:8]
    (length,) = struct.unpack("<H", data[8:10])
    assert (10 + length) % 64 == 0
    header = eval(data[10:10 + length].decode(), {"__builtins__": {}})  # a Python dictionary by the format's definition
    assert header["descr"] == "<f4" and header["fortran_order"] is False, header
    count = math.prod(header["shape"])
    return header["shape"], struct.unpack(f"<{count}f", data[10 + length:])


def log_likelihood(logits, token):
    top = max(logits)
    return logits[token] - top - math.log(sum(math.exp(value - top) for value in logits))


class Logits(SternaTest):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def logits(self, ids, *flags, model=TINY_MODEL, env=None):
        path = os.path.join(self.folder.name, "logits.npy")
        result = self.check_ok(sterna("eval", "logits", "-m", model, "--ids", ",".join(map(str, ids)), "-o", path, *flags,
                                      env=env))
        self.assertEqual(result.stdout, b"")
        self.assertEqual(os.listdir(self.folder.name), ["logits.npy"])
        return read_npy(path)

    def test_shapes(self):
        self.assertEqual(self.logits(IDS)[0], (288,))
        self.assertEqual(self.logits(IDS, "--all")[0], (len(IDS), 288))
        self.assertEqual(self.logits([5], "--all")[0], (1, 288))

    def test_the_last_position_is_the_last_row_of_all(self):
        self.assertEqual(self.logits(IDS)[1], self.logits(IDS, "--all")[1][-288:])

    def test_bits_do_not_depend_on_threads_chunks_or_kernels(self):
        expected = self.logits(IDS, "--all")
        for threads in (1, 2, 3, 7):
            self.assertEqual(self.logits(IDS, "--all", "-t", threads), expected)
        for chunk in (1, 7, 64):
            self.assertEqual(self.logits(IDS, "--all", "--prefill-chunk", chunk), expected)
        for table in self.ok_json("devices", "--quick", "--json")["kernels"]:
            if table["runs"]:
                self.assertEqual(self.logits(IDS, "--all", env=environment(STERNA_ISA=table["isa"])), expected)

    def test_kv_is_f32_unless_told(self):
        ids = [(7 * i + 3) % 288 for i in range(80)]
        self.assertEqual(self.logits(ids), self.logits(ids, "--kv", "f32"))
        self.assertNotEqual(self.logits(ids), self.logits(ids, "--kv", "q8"))

    def test_greedy_generation_takes_the_largest_logit(self):
        values = self.logits(IDS)[1]
        answer = self.ok_json("run", "-m", TINY_MODEL, "--kv", "f32", "--ids", ",".join(map(str, IDS)), "-n", 1, "--temp", 0,
                              "--ignore-eos", "--json")
        self.assertEqual(answer["tokens"], [values.index(max(values))])

    def test_a_failure_leaves_no_file(self):
        path = os.path.join(self.folder.name, "logits.npy")
        self.fails(2, "eval", "logits", "-m", TINY_MODEL, "--ids", "1,999999", "-o", path)
        self.assertEqual(os.listdir(self.folder.name), [])


class Perplexity(SternaTest):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "text.txt")
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(TEXT)

    def score(self, *flags, model=BUILT_IN_MODEL):
        return self.ok_json("eval", "perplexity", "-m", model, "-f", self.path, "--json", *flags)

    def ids(self, model=BUILT_IN_MODEL):
        return self.ok_json("tokenize", "-m", model, "--json", stdin=TEXT)["ids"]

    def test_json_has_exactly_the_stated_keys(self):
        score = self.score()
        self.assertEqual(set(score), {"nll", "perplexity", "tokens"})
        self.assertAlmostEqual(score["perplexity"], math.exp(score["nll"]), places=9)

    def test_every_token_of_the_text_is_scored_once(self):
        count = len(self.ids()) - 1
        for ctx in (16, 64, 100):
            self.assertEqual(self.score("--ctx", ctx)["tokens"], count)

    def test_equals_the_likelihoods_of_eval_logits(self):
        ids = self.ids(TINY_MODEL)
        bos, text, size, total = ids[0], ids[1:], 32, 0.0
        npy = os.path.join(self.folder.name, "all.npy")
        for at in range(0, 3 * (size - 1), size - 1):
            window = [bos] + text[at:at + size - 1]
            self.ok("eval", "logits", "-m", TINY_MODEL, "--ids", ",".join(map(str, window)), "-o", npy, "--all")
            (_, vocabulary), values = read_npy(npy)
            for i in range(1, len(window)):
                total -= log_likelihood(values[(i - 1) * vocabulary:i * vocabulary], window[i])
        with open(self.path, "wb") as file:
            ids_text = " ".join(map(str, text[:3 * (size - 1)]))
            file.write(sterna("detokenize", "-m", TINY_MODEL, "--no-bos", stdin=ids_text).stdout)
        score = self.score("--ctx", size, model=TINY_MODEL)
        self.assertEqual(score["tokens"], 3 * (size - 1))
        self.assertAlmostEqual(score["nll"], total / score["tokens"], places=5)

    def test_last_half_scores_the_second_half_of_whole_windows(self):
        windows = len(self.ids()) // 64
        self.assertEqual(self.score("--ctx", 64, "--last-half")["tokens"], windows * 31)

    def test_bits_do_not_depend_on_threads(self):
        self.assertEqual(self.score("-t", 1), self.score("-t", 3))

    def test_plain_text_for_people(self):
        self.assertRegex(self.ok("eval", "perplexity", "-m", BUILT_IN_MODEL, "-f", self.path),
                         r"^nll [0-9.]+\nperplexity [0-9.]+\ntokens [0-9]+\n$")

    def test_texts_too_short_to_score(self):
        with open(self.path, "w", encoding="utf-8"):
            pass
        self.fails(2, "eval", "perplexity", "-m", BUILT_IN_MODEL, "-f", self.path)

    def test_the_model_knows_its_own_kind_of_text(self):
        good = self.score()["nll"]
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(" ".join(reversed(TEXT.split())))
        self.assertLess(good, self.score()["nll"])

    def test_missing_text_file(self):
        self.assertIn("/nonexistent", self.fails(3, "eval", "perplexity", "-m", TINY_MODEL, "-f", "/nonexistent"))


if __name__ == "__main__":
    unittest.main()
