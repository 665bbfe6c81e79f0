#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the table of docs/convert.md: each format that linear layers may have, for each architecture.

    STERNA_EXE=build/sterna python3 tools/format_matrix.py

A cell is a tiny model (tests/data/models) that sterna convert wrote in that format, and how far the logits that Sterna
gives for it are from those of the Hugging Face class in float32 (tests/data/goldens): the largest difference, in
standard deviations of the logits.
"""
import array
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "data"
MODELS = {"bitnet-b1.58": "b158-tiny", "bitnet": "bitnet-silu", "llama": "llama-b158", "qwen3": "qwen3-wide",
          "gemma3": "gemma3-wide"}
FOLDERS = {"bitnet-b1.58": ("b158-tiny", "--embedding-type"), "bitnet": ("bitnet-silu", "--embedding-type"),
           "llama": ("llama-b158", "--head-type"), "qwen3": ("qwen3-wide", "--embedding-type"),
           "gemma3": ("gemma3-inner", "--head-type")}
FORMATS = ("i2_s", "tq1_0", "tq2_0", "iq1_bn", "iq2_bn", "iq2_bn_r4", "q2_0", "q2_0_g128", "pq2_0", "ptq1_0", "sterna")


def read_npy(path):
    """(rows, columns, values) of a float32 array in the version 1 format."""
    data = path.read_bytes()
    size = struct.unpack_from("<H", data, 8)[0]
    shape = data[10:10 + size].split(b"(")[1].split(b")")[0].split(b",")
    values = array.array("f", data[10 + size:])
    return int(shape[0]), int(shape[1]), values


class Matrix:
    def __init__(self, executable, folder):
        self.executable, self.folder = str(executable), pathlib.Path(folder)

    def sterna(self, *words):
        subprocess.run([self.executable, *map(str, words)], check=True, capture_output=True)

    def distance(self, model, name):
        """Of the model's logits from the golden's, in standard deviations."""
        golden = json.loads((DATA / "goldens" / f"{name}.json").read_text())
        target = self.folder / "logits.npy"
        self.sterna("eval", "logits", "-m", model, "--ids", ",".join(map(str, golden["ids"])), "--all", "-o", target)
        _, width, found = read_npy(target)
        count, _, expected = read_npy(DATA / "goldens" / golden["logits"])
        worst = max(abs(expected[row * width + i] - found[position * width + i])
                    for row, position in zip(range(count), golden["positions"]) for i in range(width))
        return worst / golden["logit_std"]

    def cell(self, architecture, form):
        name = MODELS[architecture]
        source = DATA / "models" / json.loads((DATA / "goldens" / f"{name}.json").read_text())["models"][0]
        target = self.folder / f"model.{form}"
        self.sterna("convert", source, target, "--to", form, "--force")
        return self.distance(target, name)

    def folder_cell(self, architecture):
        name, q8_0 = FOLDERS[architecture]  # what the golden has in that type
        target = self.folder / "model.gguf"
        self.sterna("convert", DATA / "folders" / name, target, "--to", "i2_s", "--force", q8_0, "q8_0")
        return self.distance(target, name)


def main():
    executable = os.environ.get("STERNA_EXE", str(ROOT / "build" / "sterna"))
    with tempfile.TemporaryDirectory() as folder:
        matrix = Matrix(executable, folder)
        print(f"| | {' | '.join(MODELS)} |")
        print(f"|---|{'---|' * len(MODELS)}")
        for form in FORMATS:
            print(f"| {form} | {' | '.join(f'{matrix.cell(a, form):.1e}' for a in MODELS)} |", flush=True)
        print(f"| Hugging Face folder | {' | '.join(f'{matrix.folder_cell(a):.1e}' for a in MODELS)} |")


if __name__ == "__main__":
    sys.exit(main())
