# SPDX-License-Identifier: Apache-2.0
"""Packs ternary matrices as I2_S in the published order of 128-blocks.

Element e of the row-major matrix lies in block e / 128; with j = e % 128 its
code (value + 1) is in byte j % 32 of the block at bit 6 - 2 * (j / 32). The
f32 scale follows all codes, then 28 zero bytes.
"""

import numpy as np

BLOCK, TAIL_BYTES = 128, 32
SHIFTS = np.array([6, 4, 2, 0], dtype=np.uint8)


def pack(values, scale):
    """values: int array of -1, 0, 1 whose rows are multiples of 128."""
    if values.shape[-1] % BLOCK:
        raise ValueError(f"row length {values.shape[-1]} is no multiple of {BLOCK}")
    codes = (values + 1).astype(np.uint8).reshape(-1, 4, BLOCK // 4)
    packed = (codes << SHIFTS[:, None]).sum(axis=1, dtype=np.uint8)
    tail = np.zeros(TAIL_BYTES // 4, dtype="<f4")
    tail[0] = scale
    return packed.tobytes() + tail.tobytes()


def unpack(data, rows, columns):
    """(int8 values [rows, columns], scale as float32)."""
    packed = np.frombuffer(data, np.uint8, rows * columns // 4).reshape(-1, 1, 32)
    codes = (packed >> SHIFTS[:, None]) & 3
    scale = np.frombuffer(data, "<f4", 1, rows * columns // 4)[0]
    return codes.reshape(rows, columns).astype(np.int8) - 1, scale
