# SPDX-License-Identifier: Apache-2.0
"""Encoders for the ternary tensor formats, written from their published layouts.

Every encoder takes an integer matrix of values in {-1, 0, +1}, shape [rows, columns],
and returns the tensor's bytes. Layouts: I2_S in its published 128-element order,
TQ1_0 and TQ2_0 in blocks of 256. self_check() compares them with known checksums and
with the `gguf` package.
"""
import struct
import zlib

import numpy as np


def pack_i2s(values, scale):
    """I2_S, 128-element blocks: 32 bytes hold four runs of 32 codes, first run on top."""
    codes = (np.asarray(values) + 1).astype(np.uint8).reshape(-1, 4, 32)
    packed = codes[:, 0] << 6 | codes[:, 1] << 4 | codes[:, 2] << 2 | codes[:, 3]
    return packed.astype(np.uint8).tobytes() + struct.pack("<f", scale) + bytes(28)


def _block_scales(blocks, scale):
    """f16 per block; an all-zero block holds 0, as the reference quantizer writes it."""
    half = np.float16(scale)
    return np.where(np.any(blocks != 0, axis=1), half, np.float16(0)).astype("<f2")


def pack_tq2_0(values, scale):
    blocks = np.asarray(values).reshape(-1, 256)
    codes = (blocks + 1).astype(np.uint8).reshape(-1, 2, 4, 32)
    packed = codes[:, :, 0] | codes[:, :, 1] << 2 | codes[:, :, 2] << 4 | codes[:, :, 3] << 6
    body = packed.reshape(len(blocks), 64).astype(np.uint8)
    tail = _block_scales(blocks, scale).view(np.uint8).reshape(-1, 2)
    return np.concatenate([body, tail], axis=1).tobytes()


def _trit_bytes(codes, digits):
    """codes [blocks, digits, bytes], most significant digit first; 5 trits a byte."""
    total = np.zeros((codes.shape[0], codes.shape[2]), dtype=np.int64)
    for n in range(digits):
        total = total * 3 + codes[:, n]
    total *= 3 ** (5 - digits)
    return ((total * 256 + 242) // 243).astype(np.uint8)


def pack_tq1_0(values, scale):
    blocks = np.asarray(values).reshape(-1, 256)
    codes = (blocks + 1).astype(np.int64)
    parts = [_trit_bytes(codes[:, :160].reshape(-1, 5, 32), 5),
             _trit_bytes(codes[:, 160:240].reshape(-1, 5, 16), 5),
             _trit_bytes(codes[:, 240:].reshape(-1, 4, 4), 4),
             _block_scales(blocks, scale).view(np.uint8).reshape(-1, 2)]
    return np.concatenate(parts, axis=1).tobytes()


def lcg_ternary(count):
    """The ternary test sequence that published checksums of the layouts refer to."""
    x, out = 1, np.empty(count, dtype=np.int64)
    for i in range(count):
        x = (1664525 * x + 1013904223) % 2**32
        out[i] = (x >> 16) % 3 - 1
    return out


def self_check():
    """Raises if an encoder disagrees with its checksum or with the gguf package."""
    from gguf import GGMLQuantizationType as T
    from gguf import quants
    values = lcg_ternary(1024).reshape(4, 256)
    for data, crc in ((pack_i2s(values, 0.75), 0x058ff017), (pack_tq1_0(values, 0.75), 0xe26f077d),
                      (pack_tq2_0(values, 0.75), 0x48ea1303)):
        assert zlib.crc32(data) == crc, hex(zlib.crc32(data))
    rng = np.random.default_rng(5)
    values = rng.integers(-1, 2, (8, 512))
    values[3, 256:] = 0
    weights = (values * np.float32(0.625)).astype(np.float32)
    for pack, kind in ((pack_tq1_0, T.TQ1_0), (pack_tq2_0, T.TQ2_0)):
        ours = np.frombuffer(pack(values, 0.625), np.uint8).reshape(8, -1)
        assert np.array_equal(ours, quants.quantize(weights, kind)), kind
        assert np.array_equal(quants.dequantize(ours, kind), weights), kind
