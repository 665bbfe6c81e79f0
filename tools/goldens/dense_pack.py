# SPDX-License-Identifier: Apache-2.0
"""Encoders for the dense tensor types of embeddings and heads.

pack_dense(matrix, type_name) returns (bytes, the float32 values those bytes stand for). The
values always come from the `gguf` package's decoder, never from the encoder's own input.
"""
import numpy as np
from gguf import GGMLQuantizationType, quants

import gguf_write

TYPE_IDS = {"f32": gguf_write.F32, "f16": gguf_write.F16, "bf16": gguf_write.BF16,
            "q8_0": gguf_write.Q8_0, "q5_0": gguf_write.Q5_0, "q4_0": gguf_write.Q4_0, "q6_k": gguf_write.Q6_K}


def _pack_q6_k(matrix):
    """Plain rounding to 6 bits with a signed 8-bit scale per 16 values (gguf has no encoder)."""
    groups = matrix.reshape(-1, 16, 16).astype(np.float64)
    peak = np.take_along_axis(groups, np.abs(groups).argmax(-1)[..., None], -1)[..., 0]
    wanted = peak / -32  # the largest value becomes code -32
    d = np.float16(np.abs(wanted).max(-1) / 127).astype(np.float64)
    sub = np.clip(np.rint(wanted / d[:, None]), -127, 127)
    sub = np.where(sub == 0, 1, sub)
    codes = np.clip(np.rint(groups / (d[:, None] * sub)[..., None]), -32, 31) + 32
    q = codes.astype(np.uint8).reshape(-1, 2, 4, 32)  # block, half, quarter, lane
    low = np.stack([q[:, :, 0] & 15 | (q[:, :, 2] & 15) << 4, q[:, :, 1] & 15 | (q[:, :, 3] & 15) << 4], 2)
    high = q[:, :, 0] >> 4 | q[:, :, 1] >> 4 << 2 | q[:, :, 2] >> 4 << 4 | q[:, :, 3] >> 4 << 6
    parts = [low.reshape(len(q), 128), high.reshape(len(q), 64), sub.astype(np.int8).view(np.uint8),
             d.astype("<f2").view(np.uint8).reshape(-1, 2)]
    return np.concatenate(parts, axis=1).reshape(len(matrix), -1)


def pack_dense(matrix, type_name):
    matrix = np.ascontiguousarray(matrix, np.float32)
    kind = GGMLQuantizationType[type_name.upper()]
    raw = _pack_q6_k(matrix) if type_name == "q6_k" else quants.quantize(matrix, kind)
    raw = np.ascontiguousarray(raw)
    values = quants.dequantize(raw.view(np.uint8) if type_name == "bf16" else raw, kind)
    values = np.asarray(values, np.float32).reshape(matrix.shape)
    error = np.abs(values - matrix).max() / np.abs(matrix).max()
    assert error < 0.15, (type_name, error)
    return raw.tobytes(), values
