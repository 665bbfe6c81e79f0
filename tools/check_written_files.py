#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens files that sterna convert wrote in the gguf package and in llama.cpp.

    pip install gguf==0.19.0 llama-cpp-python==0.3.36 numpy
    STERNA_EXE=build/sterna python3 tools/check_written_files.py

By hand, not in CI: llama-cpp-python compiles llama.cpp. gguf must list every tensor, and what it unpacks must be the
codes times the scale of the file that was converted. llama.cpp must load the file, and its logits must go with
Sterna's: they are not the same, as llama.cpp rounds the inputs of a product in blocks of 256 and BitNet as a whole.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

import gguf
import numpy as np
from llama_cpp import GGML_TYPE_F32, Llama

ROOT = pathlib.Path(__file__).resolve().parents[1]
MODELS = ROOT / "tests" / "data" / "models"
EXECUTABLE = os.environ.get("STERNA_EXE", str(ROOT / "build" / "sterna"))
SOURCES = ("bitnet-silu.tq2_0", "llama-b158.i2_s")
LEAST_CORRELATION = 0.99


def sterna(*words):
    subprocess.run([EXECUTABLE, *map(str, words)], check=True, capture_output=True)


def values_of(path):
    """Linear layers as gguf unpacks them, times the factor beside them; I2_S unpacked here."""
    tensors = {t.name: t for t in gguf.GGUFReader(path).tensors}
    found = {}
    for name, tensor in tensors.items():
        if tensor.tensor_type.name.startswith("TQ"):
            scale = tensors.get(name.replace(".weight", ".scale"))
            values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
            found[name] = values * (np.float32(scale.data[0]) if scale is not None else np.float32(1))
    return found


def logits_of_sterna(path, ids, folder):
    target = folder / "logits.npy"
    sterna("eval", "logits", "-m", path, "--ids", ",".join(map(str, ids)), "--all", "-o", target)
    return np.load(target)


def logits_of_llama(path, ids):
    # One token at a time: the batched product of some builds needs AMX.
    llama = Llama(str(path), n_ctx=512, n_batch=1, logits_all=True, type_k=GGML_TYPE_F32, type_v=GGML_TYPE_F32,
                  n_threads=1, verbose=False)
    llama.eval(ids)
    return np.array(llama.scores[:len(ids)], np.float32)


def main():
    ids = [int(i) for i in np.random.default_rng(5).integers(0, 270, 40)]
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for source in SOURCES:
            values = {}
            for kind in ("tq1_0", "tq2_0"):
                target = folder / f"{source}.{kind}.gguf"
                sterna("convert", MODELS / f"{source}.gguf", target, "--to", kind)
                values[kind] = values_of(target)
                ours, theirs = logits_of_sterna(target, ids, folder), logits_of_llama(target, ids)
                correlation = float(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1])
                same = float((ours.argmax(-1) == theirs.argmax(-1)).mean())
                failed |= correlation < LEAST_CORRELATION
                print(f"{source} as {kind}: gguf unpacks {len(values[kind])} linear layers; llama.cpp's logits: "
                      f"correlation {correlation:.5f}, the same largest at {100 * same:.0f} % of positions")
            same = all(np.array_equal(a, values["tq2_0"][layer]) for layer, a in values["tq1_0"].items())
            failed |= not same or len(values["tq1_0"]) != 14
            print(f"{source}: both types hold the same values: {same}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
