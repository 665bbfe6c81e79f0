# SPDX-License-Identifier: Apache-2.0
"""sterna convert between GGUF types: the same codes in each of them."""

import array
import pathlib
import struct
import tempfile
import unittest

from harness import REPOSITORY, SternaTest, sterna

MODELS = REPOSITORY / "tests" / "data" / "models"
IDS = "1,5,9,2,7,7,3"
TYPES = ("i2_s", "tq1_0", "tq2_0", "iq1_bn", "iq2_bn", "iq2_bn_r4", "q2_0", "q2_0_g128", "pq2_0", "ptq1_0")
F16_TYPES = ("tq1_0", "tq2_0", "iq1_bn", "q2_0", "q2_0_g128", "pq2_0", "ptq1_0")


def sigmas(logits):
    mean = sum(logits) / len(logits)
    return (sum((x - mean) ** 2 for x in logits) / len(logits)) ** 0.5


class ConvertFormats(SternaTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def convert(self, source, to, *flags):
        target = self.folder / f"{pathlib.Path(source).stem}.{to}.gguf"
        result = self.check_ok(sterna("convert", source, target, "--to", to, "--force", *flags))
        return target, result.stderr.decode()

    def logits(self, model, *flags):
        target = self.folder / "logits.npy"
        self.ok("eval", "logits", "-m", model, "--ids", IDS, "--all", "-o", target, *flags)
        data = target.read_bytes()
        header = struct.unpack_from("<H", data, 8)[0]
        return list(array.array("f", data[10 + header:]))

    def tensors(self, model):
        listed = self.ok_json("inspect", model, "--json", "--no-load")["tensors"]
        data = pathlib.Path(model).read_bytes()
        return {t["name"]: (t["type"], data[t["offset"]:t["offset"] + t["bytes"]]) for t in listed}

    def test_every_type_gives_the_same_logits(self):
        for name in ("b158-tiny.i2_s", "llama-b158.tq2_0", "bitnet-silu.tq2_0"):
            source = MODELS / f"{name}.gguf"
            expected = self.logits(source)
            for to in TYPES:
                with self.subTest(model=name, to=to):
                    target, warnings = self.convert(source, to)
                    self.assertEqual(expected, self.logits(target))
                    self.assertEqual(warnings, "")
                    types = {t[0] for n, t in self.tensors(target).items() if n.startswith("blk.0.ffn_up.w")}
                    self.assertEqual(len(types), 1)

    def test_round_trips_give_the_same_bytes(self):
        for name in ("b158-tiny.tq2_0", "llama-b158.i2_s", "bitnet-silu.tq2_0"):
            for first in TYPES:
                start, _ = self.convert(MODELS / f"{name}.gguf", first)
                expected = self.tensors(start)
                for second in TYPES:
                    with self.subTest(model=name, first=first, second=second):
                        there, _ = self.convert(start, second)
                        back, _ = self.convert(there, first)
                        self.assertEqual(expected, self.tensors(back))

    def test_from_the_other_byte_orders_of_i2_s(self):
        # The same bytes, read in another order, are another model; written they have the published order.
        source = MODELS / "b158-tiny.i2_s.gguf"
        target, _ = self.convert(source, "i2_s", "--i2s-layout", "neon")
        self.assertEqual(self.logits(source, "--i2s-layout", "neon"), self.logits(target))
        self.assertNotEqual(self.logits(source), self.logits(target))

    def test_a_scale_that_float16_rounds_is_told(self):
        source = MODELS / "qwen3-b158.i2_s.gguf"
        for to in F16_TYPES:
            if "tq" in to and to != "ptq1_0":
                continue  # rows of 128
            with self.subTest(to=to):
                _, warnings = self.convert(source, to)
                self.assertRegex(warnings, r"scales were rounded to float16, by up to 0\.0\d+ % of their value")

    def test_a_bitnet_model_keeps_its_scales_beside_the_codes(self):
        source = MODELS / "b158-odd.i2_s.gguf"  # its scales are no float16
        target, warnings = self.convert(source, "q2_0")
        self.assertEqual(warnings, "")
        self.assertIn("blk.0.attn_q.scale", self.tensors(target))
        self.assertEqual(self.logits(source), self.logits(target))

    def test_rows_that_a_type_cannot_hold_are_refused_and_nothing_is_left(self):
        error = self.fails(2, "convert", MODELS / "b158-q8_0.i2_s.gguf", self.folder / "no.gguf", "--to", "tq2_0")
        self.assertIn("128 columns are no multiple of the 256 values of a TQ2_0 block", error)
        self.assertIn("blk.0.", error)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_linear_layers_of_other_numbers_are_refused(self):
        error = self.fails(3, "convert", MODELS / "gemma3-dense.dense.gguf", self.folder / "no.gguf", "--to", "i2_s")
        self.assertIn("is of type Q", error)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_embedding_and_head_types(self):
        source = MODELS / "llama-b158.i2_s.gguf"  # embedding F16, head Q8_0
        expected = self.logits(source)
        for flag, tensor in (("--embedding-type", "token_embd.weight"), ("--head-type", "output.weight")):
            for kind, limit in (("f32", 0), ("f16", 1e-2), ("bf16", 0.2), ("q8_0", 0.2), ("q6_k", 0.5), ("q4_0", 2)):
                with self.subTest(flag=flag, type=kind):
                    target, _ = self.convert(source, "i2_s", flag, kind)
                    self.assertEqual(self.tensors(target)[tensor][0], kind.upper())
                    worst = max(abs(a - b) for a, b in zip(expected, self.logits(target)))
                    self.assertLessEqual(worst, limit * sigmas(expected))

    def test_a_tied_model_gets_a_head_when_one_is_asked_for(self):
        source = MODELS / "b158-q6_k.i2_s.gguf"
        target, _ = self.convert(source, "i2_s", "--head-type", "f32")
        tensors = self.tensors(target)
        self.assertEqual((tensors["token_embd.weight"][0], tensors["output.weight"][0]), ("Q6_K", "F32"))
        self.assertEqual(len(self.logits(source)), len(self.logits(target)))

    def test_a_sterna_file_with_another_embedding(self):
        source = MODELS / "llama-b158.i2_s.gguf"
        plain, _ = self.convert(source, "i2_s", "--embedding-type", "q8_0")
        target, _ = self.convert(source, "sterna", "--embedding-type", "q8_0")
        self.assertEqual(self.logits(plain), self.logits(target))
        self.assertEqual({path.name for path in self.folder.iterdir()}, {plain.name, target.name, "logits.npy"})

    def test_squared_relu_for_a_program_that_knows_silu_alone(self):
        source = MODELS / "bitnet-silu.tq2_0.gguf"
        _, warnings = self.convert(source, "i2_s", "--ffn-act", "relu2")
        self.assertIn("llama.cpp runs every model of architecture 'bitnet' with SiLU", warnings)
        target, warnings = self.convert(source, "i2_s")
        self.assertEqual(warnings, "")
        # What was decided stays in the file.
        metadata = self.ok_json("inspect", target, "--json", "--no-load")["metadata"]
        self.assertEqual(metadata["bitnet.hidden_activation"], "silu")


if __name__ == "__main__":
    unittest.main()
