# SPDX-License-Identifier: Apache-2.0
"""--tl-tiles: models in TL1 and TL2, whose files do not say how their matrices were cut."""

import pathlib
import tempfile
import unittest

from harness import REPOSITORY, TILES, SternaTest

MODELS = REPOSITORY / "tests" / "data" / "models"
SAME_IN_I2S = MODELS / "b158-q6_k.i2_s.gguf"
KERNEL_CONFIG = """[Kernels_0]
m = 256
k = 256
bm = 128
bk = 64
bmm = 64

[Kernels_1]
m = 128
k = 256
bm = 64
bk = 128
bmm = 32
"""


class Tiles(SternaTest):
    def test_the_codes_are_those_of_the_model_in_i2_s(self):
        for name, flags in TILES.items():
            with self.subTest(model=name):
                report = self.ok_json("inspect", SAME_IN_I2S, "--diff", MODELS / name, "--json", *flags)
                self.assertIs(report["same"], True)
                whats = [t["what"] for t in report["tensors"]]
                self.assertEqual(whats, [f"I2_S and {name[10:13].upper()}; codes and scales are the same"] * 7)

    def test_a_kernel_config_says_it_too(self):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / "kernel_config.ini"
            config.write_text(KERNEL_CONFIG)
            diff = ("inspect", SAME_IN_I2S, "--diff", MODELS / "b158-q6_k.tl1.gguf", "--tl-tiles", config)
            self.assertIs(self.ok_json(*diff, "--json")["same"], True)
            config.write_text("m = 256\n")
            self.assertIn("this is no kernel_config.ini", self.fails(2, *diff))
            config.unlink()
            self.assertIn("nor is it a file", self.fails(2, *diff))

    def test_without_it_the_flag_is_named(self):
        for name, flags in TILES.items():
            with self.subTest(model=name):
                words = ("run", "-m", MODELS / name, "-p", "x", "-n", "1")
                message = self.fails(2, *words)
                self.assertIn("--tl-tiles", message)
                self.assertIn("256 x 256", message)
                self.ok(*words, "--raw", *flags)
                self.assertIn("cannot be those of 256 x 256", self.fails(2, *words, "--tl-tiles", "48,96,32"))

    def test_inspect_tells_which_tiles_and_why(self):
        for name, flags in TILES.items():
            with self.subTest(model=name):
                report = self.ok_json("inspect", MODELS / name, "--json")
                self.assertIs(report["runs"], False)
                self.assertEqual(report["decisions"]["tl_tiles"]["value"], "undecided")
                self.assertIn("give --tl-tiles", report["decisions"]["tl_tiles"]["reason"])
                report = self.ok_json("inspect", MODELS / name, "--json", *flags)
                self.assertIs(report["runs"], True)
                decision = report["decisions"]["tl_tiles"]
                self.assertEqual(decision["reason"], "--tl-tiles")
                for tiling in flags[1].split("/"):
                    self.assertIn(f"{name[10:13].upper()} {tiling}", decision["value"])

    def test_matrices_that_are_only_copied_are_still_read(self):
        with tempfile.TemporaryDirectory() as folder:
            def logits(source, *flags):
                model, target = pathlib.Path(folder) / "model.sterna", pathlib.Path(folder) / "logits.npy"
                self.ok("convert", source, model, "--embedding-type", "f16", "--force", *flags)
                self.ok("eval", "logits", "-m", model, "--ids", "1,5,9,2", "--all", "-o", target)
                return target.read_bytes()
            expected = logits(SAME_IN_I2S)
            for name, flags in TILES.items():
                with self.subTest(model=name):
                    self.assertEqual(expected, logits(MODELS / name, *flags))

    def test_they_are_not_written(self):
        self.assertIn("i2_s", self.fails(2, "convert", SAME_IN_I2S, "/nonexistent/out", "--to", "tl1"))


if __name__ == "__main__":
    unittest.main()
