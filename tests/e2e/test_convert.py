# SPDX-License-Identifier: Apache-2.0
"""sterna convert: the same model from a file that lies as the kernels read it."""

import os
import pathlib
import shutil
import tempfile
import unittest

from harness import BUILT_IN_MODEL, REPOSITORY, TILES, TINY_MODEL, SternaTest

MODELS = REPOSITORY / "tests" / "data" / "models"
IDS = "1,5,9,2,7,7,3"


class Convert(SternaTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def converted(self, source=TINY_MODEL, *flags):
        target = self.folder / (pathlib.Path(source).name + ".sterna")
        self.ok("convert", source, target, *flags)
        return target

    def logits(self, model, *flags):
        target = self.folder / "logits.npy"
        self.ok("eval", "logits", "-m", model, "--ids", IDS, "--all", "-o", target, *flags)
        return target.read_bytes()

    def test_every_model_gives_the_same_logits_to_the_bit(self):
        for source in sorted(MODELS.glob("*.gguf")):
            flags = ("--ffn-act", "silu") if "q4_0" in source.name else TILES.get(source.name, ())
            with self.subTest(model=source.name):
                target = self.converted(source, *flags)
                expected = self.logits(source, *flags)
                for placement in ("mapped", "copied"):
                    self.assertEqual(expected, self.logits(target, "--weights", placement, *flags))

    def test_the_built_in_model_answers_the_same_text(self):
        target = self.converted(BUILT_IN_MODEL)
        ask = ("run", "-p", "What is a sparrow?", "--temp", "0", "--json")
        source, copy = self.ok_json(*ask), self.ok_json(*ask, "-m", target)
        self.assertEqual(source["text"], copy["text"])
        self.assertEqual(source["tokens"], copy["tokens"])
        text = "A sparrow's \u00e4 <|eot_id|> 12345"
        self.assertEqual(self.ok("tokenize", stdin=text), self.ok("tokenize", "-m", target, stdin=text))

    def test_metadata_stays(self):
        source = self.ok_json("inspect", BUILT_IN_MODEL, "--json")["metadata"]
        target = self.ok_json("inspect", self.converted(BUILT_IN_MODEL), "--json")
        for key, value in source.items():
            if key != "general.alignment":
                self.assertEqual(value, target["metadata"][key], key)
        self.assertEqual(target["metadata"]["sterna.file_version"], 1)
        self.assertIs(target["runs"], True)

    def test_mapped_weights_are_no_memory_of_the_process(self):
        target = self.converted(BUILT_IN_MODEL)
        plans = {placement: self.ok_json("bench", "-m", target, "-p", "4", "-n", "2", "-r", "1", "--json", "--weights",
                                         placement)["memory_plan"]["items"] for placement in ("mapped", "copied")}
        bytes_of = {placement: {item["what"]: item["bytes"] for item in items} for placement, items in plans.items()}
        self.assertGreater(bytes_of["mapped"]["ternary weights (read in place)"], 0)
        self.assertEqual(bytes_of["mapped"]["ternary weights"], 0)
        self.assertEqual(bytes_of["copied"]["ternary weights (read in place)"], 0)
        self.assertGreater(bytes_of["copied"]["ternary weights"], 0)

    def test_a_flipped_byte_is_found_and_named(self):
        target = self.converted()
        listed = self.ok_json("inspect", target, "--json")["tensors"]
        self.ok("run", "-m", target, "-p", "a", "-n", "1", "--raw", "--verify-checksums")
        for name in ("blk.0.ffn_down.weight", "token_embd.weight", "sterna.vocabulary.merge_slots"):
            with self.subTest(tensor=name):
                tensor = next(tensor for tensor in listed if tensor["name"] == name)
                damaged = self.folder / "damaged.sterna"
                shutil.copy(target, damaged)
                with open(damaged, "r+b") as file:
                    file.seek(tensor["offset"] + tensor["bytes"] // 2)
                    byte = file.read(1)[0]
                    file.seek(-1, os.SEEK_CUR)
                    file.write(bytes([byte ^ 1]))
                line = self.fails(3, "run", "-m", damaged, "-p", "a", "-n", "1", "--raw", "--verify-checksums")
                self.assertIn(name, line)

    def test_files_without_checksums_say_so(self):
        line = self.fails(3, "run", "-m", TINY_MODEL, "-p", "a", "-n", "1", "--raw", "--verify-checksums")
        self.assertIn("sterna convert", line)

    def test_refuses_what_would_lose_something(self):
        target = self.converted()
        before = target.read_bytes()
        self.assertIn("--force", self.fails(2, "convert", BUILT_IN_MODEL, target))
        self.assertIn("both input and output", self.fails(2, "convert", target, target, "--force"))
        self.assertEqual(before, target.read_bytes())
        self.assertIn("already", self.fails(2, "convert", target, self.folder / "again.sterna"))
        self.fails(3, "convert", "/nonexistent.gguf", self.folder / "x.sterna")
        self.fails(1, "convert", TINY_MODEL, self.folder / "no" / "folder.sterna")
        self.fails(2, "convert", TINY_MODEL)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), [target.name])
        self.ok("convert", BUILT_IN_MODEL, target, "--force")
        self.assertNotEqual(before, target.read_bytes())

    def test_places_that_cannot_be_written(self):
        folder = self.folder / "folder.sterna"
        folder.mkdir()
        link = self.folder / "link.sterna"
        link.symlink_to(TINY_MODEL)
        for code, target in ((1, folder), (1, self.folder / ("long" * 80)), (1, pathlib.Path(TINY_MODEL) / "x.sterna"),
                             (1, "/proc/x.sterna"), (2, link), (2, self.folder / ".." / self.folder.name / "link.sterna")):
            with self.subTest(target=str(target)[-40:]):
                self.fails(code, "convert", TINY_MODEL, target, "--force")
                self.assertEqual(sorted(path.name for path in self.folder.iterdir()), [folder.name, link.name])

    def test_reports_what_was_written(self):
        target = self.folder / "report.sterna"
        report = self.ok_json("convert", TINY_MODEL, target, "--json")
        self.assertEqual(report["bytes"], target.stat().st_size)
        self.assertEqual(report["source_bytes"], os.path.getsize(TINY_MODEL))
        self.assertEqual(report["ternary_tensors"], 14)


if __name__ == "__main__":
    unittest.main()
