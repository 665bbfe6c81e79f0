# SPDX-License-Identifier: Apache-2.0
"""sterna doctor, on a machine that is well and with a fault of each kind."""

import json
import pathlib
import unittest

from harness import TINY_MODEL, sterna
from pull_case import PullTest


class Doctor(PullTest):
    def examine(self, *words, code=0, env=None):
        """The checks by name: (state, detail)."""
        result = sterna("doctor", "--json", "-m", TINY_MODEL, *words, env=env or self.env)
        self.assertEqual(result.returncode, code, result.stderr)
        report = json.loads(result.stdout)
        self.assertEqual(report["healthy"], code == 0)
        if code != 0:
            self.assertTrue(result.stderr.splitlines()[-1].startswith(b"sterna: error: faults: "), result.stderr)
        return {check["what"]: (check["state"], check["detail"]) for check in report["checks"]}

    def test_a_machine_that_is_well(self):
        checks = self.examine()
        tables = [table["isa"] for table in self.ok_json("devices", "--quick", "--json")["kernels"] if table["runs"]]
        self.assertEqual(list(checks), [*(f"kernels {isa}" for isa in tables), "memory", "model", "tokens", "disk", "hub"])
        self.assertEqual(checks["tokens"], ("ok", "the same with the scalar kernels"))
        self.assertEqual(checks["hub"][0], "ok")
        self.assertEqual(list(self.cache.iterdir()), [])

    def test_quick_asks_nobody(self):
        checks = self.examine("--quick")
        self.assertNotIn("hub", checks)
        self.assertNotIn("tokens", checks)
        self.assertEqual(self.hub.requests, [])

    def test_benchmark_adds_speeds(self):
        checks = self.examine("--quick", "--benchmark")
        self.assertRegex(checks["memory speed"][1], r"^[1-9][0-9.]* GB/s|^0\.[0-9]+ GB/s")
        self.assertIn("multiply-adds/s", checks["product speed"][1])

    def test_for_people(self):
        text = self.ok("doctor", "--quick", "-m", TINY_MODEL, env=self.env)
        self.assertTrue(all(line.startswith(("ok ", "note ")) for line in text.splitlines()), text)

    def test_offline_is_a_note(self):
        self.assertEqual(self.examine(env=self.with_env(HF_HUB_OFFLINE="1"))["hub"][0], "note")
        state, detail = self.examine(env=self.with_env(HF_ENDPOINT="http://127.0.0.1:1"))["hub"]
        self.assertEqual(state, "note")
        self.assertIn("cannot be pulled now", detail)

    def test_a_damaged_model_is_a_fault(self):
        model = self.folder / "model.gguf"
        model.write_bytes(pathlib.Path(TINY_MODEL).read_bytes()[:5000])
        checks = self.examine("-m", model, code=1)
        self.assertEqual(checks["model"][0], "fault")
        self.assertEqual(checks["disk"][0], "ok")

    def test_a_changed_bit_of_a_sterna_file_is_a_fault(self):
        model = self.folder / "model.sterna"
        self.ok("convert", TINY_MODEL, model)
        self.assertEqual(self.examine("-m", model)["model"][0], "ok")
        content = bytearray(model.read_bytes())
        content[-1000] ^= 1
        model.write_bytes(content)
        self.assertEqual(self.examine("-m", model, code=1)["model"][0], "fault")

    def test_a_model_over_the_memory_limit_is_a_fault(self):
        self.assertIn("memory", self.examine("--memory-limit", 1, "--ctx", 512, code=1)["model"][1])

    def test_a_cache_that_cannot_be_written_is_a_fault(self):
        self.cache.write_text("in the way")
        state, detail = self.examine(code=1)["disk"]
        self.assertEqual(state, "fault")
        self.assertIn("STERNA_CACHE_DIR", detail)

    def test_wrong_use(self):
        self.assertIn("mmx", self.fails(2, "doctor", "--quick", env=self.with_env(STERNA_ISA="mmx")))


if __name__ == "__main__":
    unittest.main()
