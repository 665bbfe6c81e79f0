# SPDX-License-Identifier: Apache-2.0
"""sterna config, and where the settings of other verbs come from."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import types
import unittest

import harness

ROOT = pathlib.Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "configuration.md"


class ConfigVerb(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sterna-config-")
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name, "sterna.toml")

    def sterna(self, *words, code=0, **variables):
        env = harness.environment(XDG_CONFIG_HOME=str(self.file.parent), **variables)
        result = harness.sterna(*words, env=env)
        out, error = result.stdout.decode(), result.stderr.decode()
        self.assertEqual(code, result.returncode, error)
        return types.SimpleNamespace(stdout=out, stderr=error)

    def shown(self, *words, **variables):
        return json.loads(self.sterna("config", "show", "--json", *words, **variables).stdout)

    def test_the_documents_table_is_the_programs(self):
        keys = json.loads(self.sterna("config", "explain", "--json").stdout)
        table = DOCUMENT.read_text().split("## All keys")[1].split("\n## ")[0]
        rows = re.findall(r"^\| `([a-z0-9_.]+)` \| (.*?) \| (.*?) \| (.*?) \|$", table, re.MULTILINE)
        told = {key: {"default": default, "values": values, "effect": effect} for key, default, values, effect in rows}
        for key, facts in keys.items():
            suffix = " (GPU only)" if facts["gpu_only"] else ""
            expected = {"default": facts["default"], "values": facts["values"], "effect": facts["effect"] + suffix}
            self.assertEqual(expected, told.get(key), key)
        self.assertEqual(set(keys), set(told))

    def test_the_documents_name_the_test_of_each_setting(self):
        table = subprocess.run([sys.executable, ROOT / "tools" / "check_knobs.py", "--table"], capture_output=True, check=True)
        self.assertIn(table.stdout.decode(), (ROOT / "docs" / "settings.md").read_text())

    def test_every_source_is_named(self):
        self.file.write_text('preset = "server"\n[batch]\nchunk_size = 3\n')
        shown = self.shown("--config", str(self.file), "--set", "generation.seed=5", STERNA_ENGINE__INSTANCE_ID="7")
        self.assertEqual({"value": "5", "origin": "flag --set", "default": "0"}, shown["generation.seed"])
        self.assertEqual("variable STERNA_ENGINE__INSTANCE_ID", shown["engine.instance_id"]["origin"])
        self.assertEqual(f"{self.file} line 3", shown["batch.chunk_size"]["origin"])
        self.assertEqual("preset server", shown["batch.max_batch_size"]["origin"])
        self.assertEqual("default", shown["engine.device"]["origin"])

    def test_the_users_file_is_found(self):
        place = self.file.parent / "sterna" / "sterna.toml"
        self.sterna("config", "set", "generation.max_length", "3")
        self.assertEqual("[generation]\nmax_length = 3\n", place.read_text())
        self.assertEqual("3\n", self.sterna("config", "get", "generation.max_length").stdout)
        short = self.sterna("run", "-p", "What is a sparrow?", "--json", "--temp", "0").stdout
        self.assertEqual(3, len(json.loads(short)["tokens"]))
        other = self.sterna("run", "-p", "What is a sparrow?", "--json", "--temp", "0", "-n", "2").stdout
        self.assertEqual(2, len(json.loads(other)["tokens"]))

    def test_presets_round_trip(self):
        names = [line.split()[0] for line in self.sterna("config", "preset").stdout.splitlines()]
        self.assertIn("production", names)
        for name in names:
            self.file.write_text(self.sterna("config", "preset", name).stdout)
            by_file = self.shown("--config", str(self.file))
            by_name = self.shown("--set", f"preset={name}")
            self.assertEqual({k: v["value"] for k, v in by_name.items()}, {k: v["value"] for k, v in by_file.items()}, name)

    def test_what_is_wrong_is_named_with_its_place(self):
        self.file.write_text("[engine]\nthread_cuont = 2\n")
        for words in (["config", "validate", str(self.file)], ["run", "-p", "x", "--config", str(self.file)]):
            error = self.sterna(*words, code=2).stderr
            self.assertIn(f"{self.file} line 2: unknown setting 'engine.thread_cuont'; the nearest is engine.thread_count", error)
        self.assertIn("--set is 'x'; give KEY=VALUE", self.sterna("run", "-p", "x", "--set", "x", code=2).stderr)
        self.assertIn("nearest is show", self.sterna("config", "shwo", code=2).stderr)
        self.assertIn("STERNA_BATCH__CHUNK_SIZE: batch.chunk_size is '0'",
                      self.sterna("run", "-p", "x", code=2, STERNA_BATCH__CHUNK_SIZE="0").stderr)
        self.assertIn("there is no configuration file", self.sterna("config", "validate", "nowhere.toml", code=3).stderr)

    def test_an_unknown_variable_is_a_warning_with_the_nearest(self):
        error = self.sterna("config", "get", "engine.device", STERNA_ENGINE__DEVICES="cpu").stderr
        self.assertIn("unknown variable STERNA_ENGINE__DEVICES is ignored; the nearest is STERNA_ENGINE__DEVICE", error)

    def test_a_missing_device_falls_back_or_is_told(self):
        falls = self.sterna("run", "-p", "What is a sparrow?", "--temp", "0", "--device", "metal")
        self.assertEqual(1, falls.stderr.count("device metal is not available; layers run on cpu"))
        told = self.sterna("run", "-p", "x", "--device", "metal", "--set", "engine.fallback_device=none", code=1)
        self.assertIn("device metal is not available and there is no fallback", told.stderr)


if __name__ == "__main__":
    unittest.main()
