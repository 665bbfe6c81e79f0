#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/ternary_vectors.json: ternary tensors with scales of rows or groups, and what they stand for.

    python tools/goldens/make_ternary_goldens.py [LIBGGML_OF_IK_LLAMA]

Packed by tools/goldens/ternary_rows.py and ternary_groups.py, written from the published layouts and
checked against published checksums and, given its library, IQ1_BN, IQ2_BN and IQ2_BN_R4 against the
quantizers of ik_llama.cpp. Needs numpy.
"""
import json
import pathlib
import sys

import numpy as np

import ternary_groups
import ternary_pack
import ternary_rows

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "data" / "ternary_vectors.json"


def vector(name, note, values, scales, group_columns, raw):
    """`scales` as stored, row by row."""
    return {"type": name, "note": note, "rows": len(values), "columns": values.shape[1], "bytes": raw.hex(),
            "ternary": "".join("-0+"[v + 1] for v in values.ravel()), "group_columns": group_columns,
            "scales": [float(s) for s in scales]}


def row_vectors():
    values = ternary_pack.lcg_ternary(1024).reshape(4, 256)
    mixed = ternary_pack.lcg_ternary(8 * 192).reshape(8, 192)
    mixed[5] = 0
    scales = np.float32([0.75, 1.5, 0.0625, 3, 0.40625, 0, -0.5, 2])
    for name, pack in ternary_rows.PACKERS.items():
        yield vector(name, "one scale", values, [0.75] * 4, 256, pack(values, 0.75))
        uniform = np.where(scales != 0, np.float32(0.3125), 0)
        yield vector(name, "one scale, a row of zeros", mixed, uniform, 192, pack(mixed, uniform))
        yield vector(name, "a scale a row, a row of zeros", mixed, scales, 192, pack(mixed, scales))


def group_vectors():
    values = ternary_pack.lcg_ternary(1024).reshape(4, 256)
    mixed = ternary_pack.lcg_ternary(3 * 384).reshape(3, 384)
    mixed[1, 128:256] = 0
    for name, size in ternary_groups.GROUPS.items():
        yield vector(name, "one scale", values, [0.75] * (1024 // size), size, ternary_groups.pack(name, values, 0.75))
        empty = ~np.any(mixed.reshape(-1, size) != 0, axis=1)
        for note, scales in (("one scale, a group of zeros", np.full(len(empty), 0.3125)),
                             ("a scale a group, a group of zeros", 2.0 ** (np.arange(len(empty)) % 5 - 3))):
            scales = np.where(empty, 0, scales)
            yield vector(name, note, mixed, scales, size, ternary_groups.pack(name, mixed, scales))


def main():
    ternary_groups.self_check(ternary_pack.lcg_ternary(1024))
    ternary_rows.self_check(ternary_pack.lcg_ternary(1024))
    if len(sys.argv) > 1:
        ternary_rows.check_with_ggml(sys.argv[1])
    vectors = [*row_vectors(), *group_vectors()]
    lines = ",\n".join(json.dumps(v) for v in vectors)
    head = {"reference": f"numpy {np.__version__}", "command": "python tools/goldens/make_ternary_goldens.py"}
    OUT.write_text(f'{{"made": {json.dumps(head)},\n"vectors": [\n{lines}]\n}}\n', encoding="utf-8")
    print(f"{OUT.name}: {len(vectors)} vectors, {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
