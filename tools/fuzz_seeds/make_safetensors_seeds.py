# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of the safetensors reader's fuzzer. Standard library only.

    python3 tools/fuzz_seeds/make_safetensors_seeds.py         # into fuzz/corpus/safetensors_reader/
"""
import json
import pathlib
import struct

TARGET = pathlib.Path(__file__).resolve().parents[2] / "fuzz" / "corpus" / "safetensors_reader"


def file_of(header, data_bytes, pad=0):
    text = (header if isinstance(header, str) else json.dumps(header, separators=(",", ":"))) + " " * pad
    return struct.pack("<Q", len(text)) + text.encode() + bytes(range(data_bytes))


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


SEEDS = {
    "empty": file_of({}, 0),
    "scalar": file_of({"s": tensor("F32", [], 0, 4)}, 4),
    "packed": file_of({"__metadata__": {"format": "pt"}, "w.weight": tensor("U8", [2, 4], 0, 8),
                       "w.weight_scale": tensor("BF16", [1], 8, 10)}, 10, pad=6),
    "types": file_of({"a": tensor("F64", [1], 0, 8), "b": tensor("I16", [2], 8, 12), "c": tensor("BOOL", [0, 3], 12, 12)}, 12),
    "overlap": file_of({"a": tensor("U8", [4], 0, 4), "b": tensor("U8", [4], 2, 6)}, 6),
    "hole": file_of({"a": tensor("U8", [2], 2, 4)}, 4),
    "wrap": file_of({"a": tensor("U8", [2**32, 2**32], 0, 0)}, 0),
    "nested": file_of('{"a":' * 40, 0),
    "huge_header": struct.pack("<Q", 2**64 - 1) + b"{}",
}


def main():
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, content in SEEDS.items():
        (TARGET / name).write_bytes(content)


if __name__ == "__main__":
    main()
