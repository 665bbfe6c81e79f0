# SPDX-License-Identifier: Apache-2.0
"""Encoders for ternary tensors with a scale per row: IQ1_BN, IQ2_BN and IQ2_BN_R4.

As tools/goldens/ternary_pack.py: an integer matrix of values in {-1, 0, +1} and a scale per row
give the tensor's bytes. A row of zeros has scale 0 and code 2 throughout, as the quantizers of
ik_llama.cpp store it; check_with_ggml() compares with those quantizers.
"""
import ctypes
import zlib

import numpy as np

CHECKSUMS = {"iq1_bn": 0xcbe80000, "iq2_bn": 0x2c636350, "iq2_bn_r4": 0x6bc5bedd}  # 4 x 256 LCG values, scale 0.75


def _codes_and_scales(values, scales):
    values = np.asarray(values)
    empty = ~np.any(values != 0, axis=1)
    codes = np.where(empty[:, None], 2, values + 1).astype(np.int64)
    return codes, np.where(empty, 0, np.broadcast_to(np.asarray(scales, np.float32), len(values))).astype("<f4")


def pack_iq2_bn(values, scales):
    codes, scales = _codes_and_scales(values, scales)
    quarters = codes.reshape(len(codes), -1, 4, 16)
    body = (quarters * np.array([1, 4, 16, 64])[:, None]).sum(axis=2).astype(np.uint8)
    return b"".join(s.tobytes() + row.tobytes() for s, row in zip(scales, body))


def pack_iq1_bn(values, scales):
    codes, scales = _codes_and_scales(values, scales)
    out = []
    for scale, row in zip(scales, codes):
        out.append(np.float16(scale).tobytes())
        for block in row.reshape(-1, 4, 16):
            fives = block[:, :15].reshape(12, 5) @ np.array([1, 3, 9, 27, 81])
            last = block[:, 15] @ np.array([1, 3, 9, 27])
            out.append(bytes(int(-(-256 * t // 243)) for t in [*fives, last]))
    return b"".join(out)


def pack_iq2_bn_r4(values, scales):
    codes, scales = _codes_and_scales(values, scales)
    out = []
    for first in range(0, len(codes), 4):
        out.append(scales[first:first + 4].tobytes())
        # rows, blocks, l, field, i  ->  blocks, l, rows, i with the fields in a byte
        parts = codes[first:first + 4].reshape(4, -1, 4, 4, 4).transpose(1, 2, 0, 4, 3)
        out.append((parts @ np.array([1, 4, 16, 64])).astype(np.uint8).tobytes())
    return b"".join(out)


PACKERS = {"iq1_bn": pack_iq1_bn, "iq2_bn": pack_iq2_bn, "iq2_bn_r4": pack_iq2_bn_r4}


def self_check(lcg):
    for name, pack in PACKERS.items():
        assert zlib.crc32(pack(lcg.reshape(4, 256), 0.75)) == CHECKSUMS[name], name


def check_with_ggml(path):
    """Compares with quantize_iq*_bn of the libggml.so of ik_llama.cpp."""
    ggml = ctypes.CDLL(path)
    rng = np.random.default_rng(7)
    values = rng.integers(-1, 2, (8, 320))
    values[5] = 0
    scales = np.float32([0.75, 1.5, 0.0625, 3, 0.40625, 1, 0.333251953125, 2])
    weights = np.ascontiguousarray(values * scales[:, None], np.float32)
    for name, pack in PACKERS.items():
        want = np.zeros(1 << 16, np.uint8)
        quantize = getattr(ggml, "quantize_" + name)
        quantize.restype = ctypes.c_size_t
        size = quantize(weights.ctypes.data_as(ctypes.c_void_p), want.ctypes.data_as(ctypes.c_void_p),
                        ctypes.c_int64(8), ctypes.c_int64(320), None)
        assert want[:size].tobytes() == pack(values, scales), name
