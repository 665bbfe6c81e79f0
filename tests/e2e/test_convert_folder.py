# SPDX-License-Identifier: Apache-2.0
"""sterna convert of Hugging Face folders: the models that tests/data/models has as GGUF files
(tools/goldens/make_folder_goldens.py)."""

import hashlib
import json
import pathlib
import shutil
import struct
import tempfile
import unittest

from harness import REPOSITORY, SternaTest, sterna

DATA = REPOSITORY / "tests" / "data"
# Folder, flags that store the embedding and the head as the GGUF file does, and that file.
FOLDERS = (("b158-tiny", ("--embedding-type", "q8_0"), "b158-tiny.i2_s.gguf"),
           ("llama-b158", ("--head-type", "q8_0"), "llama-b158.i2_s.gguf"),
           ("gemma3-inner", ("--head-type", "q8_0"), "gemma3-inner.i2_s.gguf"),
           ("qwen3-inner", (), "qwen3-inner.i2_s.gguf"),
           ("qwen3-wide", ("--embedding-type", "q8_0"), "qwen3-wide.i2_s.gguf"))
LINEARS = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")


class ConvertFolder(SternaTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def convert(self, source, *flags, to="i2_s"):
        target = self.folder / f"{pathlib.Path(source).name}.{to}"
        result = self.check_ok(sterna("convert", source, target, "--to", to, "--force", *flags))
        return target, result.stderr.decode()

    def tensors(self, model):
        listed = self.ok_json("inspect", model, "--json", "--no-load")["tensors"]
        data = pathlib.Path(model).read_bytes()
        return {t["name"]: (t["type"], t["shape"], data[t["offset"]:t["offset"] + t["bytes"]]) for t in listed}

    def changed(self, name, **values):
        """A copy of a folder whose config.json has other values; None takes one out."""
        copy = self.folder / "changed"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(DATA / "folders" / name, copy)
        path = copy / "config.json"
        config = json.loads(path.read_text())
        config.update(values)
        path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))
        return copy

    def test_tensors_are_those_of_the_gguf_file(self):
        for name, flags, model in FOLDERS:
            with self.subTest(folder=name):
                target, _ = self.convert(DATA / "folders" / name, *flags)
                expected, found = self.tensors(DATA / "models" / model), self.tensors(target)
                self.assertEqual(set(expected), set(found))
                for tensor, (kind, dimensions, data) in expected.items():
                    codes = len(data) - 32 if kind == "I2_S" else len(data)
                    self.assertEqual((kind, dimensions), found[tensor][:2], tensor)
                    self.assertEqual(data[:codes], found[tensor][2][:codes], tensor)
                    if kind == "I2_S" and name != "qwen3-inner":
                        scale, own = (struct.unpack_from("<f", d, codes)[0] for d in (data, found[tensor][2]))
                        self.assertLessEqual(abs(own - scale), 1e-7 * scale, tensor)

    def test_masters_are_rounded_as_the_package_rounds_them(self):
        folder = DATA / "folders" / "qwen3-inner"
        target, warnings = self.convert(folder)
        self.assertRegex(warnings, r"linear layers were not ternary: \d+\.\d % of their values were rounded .* by \d+ %")
        expected = json.loads((folder / "expected.json").read_text())
        self.assertEqual(len(expected), 14)
        roles = dict(zip(("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"), LINEARS))
        found = self.tensors(target)
        for name, own in expected.items():
            layer, role = name.split(".")[2], roles[name.split(".")[-1]]
            _, dimensions, data = found[f"blk.{layer}.{role}.weight"]
            self.assertEqual(hashlib.sha256(unpack_i2_s(data, dimensions)).hexdigest(), own["codes"])
            scale = struct.unpack_from("<f", data, len(data) - 32)[0]
            self.assertLessEqual(abs(scale - own["scale"]), 3e-7 * own["scale"])

    def test_the_same_logits_in_every_form(self):
        ids = "1,5,9,2,7,7,3"
        for name, flags, model in FOLDERS[:1] + FOLDERS[2:3]:
            logits = set()
            for source in (DATA / "models" / model, self.convert(DATA / "folders" / name, *flags)[0],
                           self.convert(DATA / "folders" / name, *flags, to="sterna")[0]):
                target = self.folder / "logits.npy"
                self.ok("eval", "logits", "-m", source, "--ids", ids, "--all", "-o", target)
                logits.add(target.read_bytes())
            self.assertEqual(len(logits), 1, name)

    def test_packed_codes_say_nothing_of_rounding(self):
        _, warnings = self.convert(DATA / "folders" / "gemma3-inner")
        self.assertNotIn("rounded", warnings)

    def test_what_does_not_run_is_refused_by_name(self):
        scaled = {"rope_type": "llama3", "rope_theta": 1e4}
        for code, values, message in (
                (3, {"architectures": ["MambaForCausalLM"]}, "'architectures' has 'MambaForCausalLM'; known are"),
                (3, {"hidden_act": "gelu"}, "'hidden_act' is 'gelu'; known are"),
                (3, {"rope_parameters": scaled}, "'rope_type' is 'llama3'; only models without RoPE scaling run"),
                (3, {"attention_bias": True}, "'attention_bias' is true"),
                (3, {"quantization_config": {"quant_method": "awq"}}, "'quant_method' is 'awq'; only bitnet is read"),
                (3, {"hidden_size": None}, "'hidden_size' is missing"),
                (3, {"hidden_size": -4}, "'hidden_size' must be a whole number"),
                (3, {"head_dim": 33}, "'head_dim' is 33; it must be even"),
                (3, {"num_key_value_heads": 3}, "is 3, which does not divide num_attention_heads 8"),
                (3, {"num_hidden_layers": 3}, "layers.2.input_layernorm.weight' is missing"),
                (3, {"num_hidden_layers": 0}, "'num_hidden_layers' is 0"),
                (3, {"num_hidden_layers": 1}, "'model.layers.1."),
                (3, {"intermediate_size": 256}, "has shape [128, 256]; config.json says [64, 256]"),
                (3, {"quantization_config": None}, "quantization_config in config.json does not say")):
            with self.subTest(values=values):
                error = self.fails(code, "convert", self.changed("llama-b158", **values), self.folder / "no", "--to", "i2_s")
                self.assertIn(message, error)
                self.assertFalse((self.folder / "no").exists())

    def test_a_wrong_config_is_no_crash(self):
        for text in ("", "[]", "{", "{\"architectures\": 5}", "[" * 100000, "nul", "{\"architectures\": [\"LlamaForCausalLM\"]}"):
            with self.subTest(text=text[:30]):
                copy = self.changed("llama-b158")
                (copy / "config.json").write_text(text)
                self.assertIn("config.json", self.fails(3, "convert", copy, self.folder / "no", "--to", "i2_s"))

    def test_a_folder_without_weights_or_config(self):
        copy = self.changed("llama-b158")
        (copy / "model-00001-of-00002.safetensors").unlink()
        self.assertIn("model-00001-of-00002", self.fails(3, "convert", copy, self.folder / "no", "--to", "i2_s"))
        (copy / "config.json").unlink()
        self.assertIn("config.json", self.fails(3, "convert", copy, self.folder / "no", "--to", "i2_s"))


def unpack_i2_s(data, dimensions):
    """Codes of a tensor in the published order: 32 bytes hold four runs of 32 codes, the first in the upper bits."""
    codes = bytearray(dimensions[0] * dimensions[1])
    for at in range(0, len(codes) // 4, 32):
        for i in range(32):
            for run in range(4):
                codes[4 * at + 32 * run + i] = data[at + i] >> (6 - 2 * run) & 3
    return bytes(codes)


if __name__ == "__main__":
    unittest.main()
