# SPDX-License-Identifier: Apache-2.0
"""Encoders for ternary tensors with a float16 scale for each group of 64 or 128 values of a row.

As tools/goldens/ternary_pack.py: an integer matrix of values in {-1, 0, +1} and scales, one a group
or one for all, give the tensor's bytes. A group of zeros has scale 0. The layouts of Q2_0 and its
kin are known from reports only, except that of Q2_0 in groups of 64.
"""
import zlib

import numpy as np

GROUPS = {"q2_0": 64, "q2_0_g128": 128, "pq2_0": 128, "ptq1_0": 128}
CHECKSUMS = {"q2_0": 0xe48f22d2, "q2_0_g128": 0x5adf4a8c, "pq2_0": 0x5adf4a8c, "ptq1_0": 0x2acbc86a}


def _groups(values, scales, size):
    groups = np.asarray(values).reshape(-1, size)
    scales = np.broadcast_to(np.asarray(scales, np.float32), len(groups))
    return groups + 1, np.where(np.any(groups != 0, axis=1), scales, 0).astype("<f2")


def _pack_fields(values, scales, size):
    codes, scales = _groups(values, scales, size)
    fields = (codes.reshape(len(codes), -1, 4) @ np.array([1, 4, 16, 64])).astype(np.uint8)
    return b"".join(s.tobytes() + f.tobytes() for s, f in zip(scales, fields))


def _trits(run, digits):
    """run [digits, bytes], the first digit the most significant of five."""
    numbers = np.array([81, 27, 9, 3, 1][:digits]) @ run
    return bytes(int(-(-256 * t // 243)) for t in numbers)


def pack_ptq1_0(values, scales):
    codes, scales = _groups(values, scales, 128)
    return b"".join(_trits(c[:80].reshape(5, 16), 5) + _trits(c[80:120].reshape(5, 8), 5) +
                    _trits(c[120:].reshape(4, 2), 4) + s.tobytes() for c, s in zip(codes, scales))


def pack(name, values, scales):
    return pack_ptq1_0(values, scales) if name == "ptq1_0" else _pack_fields(values, scales, GROUPS[name])


def self_check(lcg):
    for name, crc in CHECKSUMS.items():
        assert zlib.crc32(pack(name, lcg.reshape(4, 256), 0.75)) == crc, name
