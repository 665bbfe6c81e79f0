#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/quant_vectors.json: bytes of each number format and the values they stand for.

    python tools/goldens/make_quant_goldens.py

Decoded by the `gguf` package, which shares no code with the engine; the I2_S orders, which it does
not know, are packed by the formulas below and checked against published checksums. Format:
tests/data/README.md. Needs gguf and numpy.
"""
import json
import pathlib
import struct
import zlib

import gguf
import numpy as np
from gguf import GGMLQuantizationType, quants

import dense_pack
import ternary_pack

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "data" / "quant_vectors.json"
TYPE_IDS = {**dense_pack.TYPE_IDS, "q4_k": 12, "tq1_0": 34, "tq2_0": 35}
DENSE_BLOCKS = {"q8_0": (34, 0, 0x7cde9db1, 0xc3190af2), "q4_0": (18, 0, 0x6dce990d, 0xa517656e),
                "q6_k": (210, 208, 0xf4db3cf0, 0x672a0611)}  # bytes, place of d, crc32 of bytes and values


READ_ONLY_BLOCKS = {"q5_0": (22, (0,)), "q4_k": (144, (0, 2))}  # bytes, places of float16 scales


def lcg_bytes(count, seed=7):
    x, out = seed, bytearray()
    for _ in range(count):
        x = (1664525 * x + 1013904223) % 2**32
        out.append(x >> 16 & 255)
    return out


def decode(name, raw):
    values = quants.dequantize(np.frombuffer(bytes(raw), np.uint8), GGMLQuantizationType[name.upper()])
    return np.asarray(values, "<f4").ravel()


def dense_vector(name, note, raw):
    values = decode(name, raw)
    return {"type": name, "type_id": TYPE_IDS[name], "note": note, "bytes": bytes(raw).hex(),
            "values": values.tobytes().hex()}


def ternary_vector(name, note, raw, rows, columns):
    """Values as a string of -, 0 and + plus the scale of each 256-block."""
    values = decode(name, raw)
    signs = "".join("-0+"[int(s) + 1] for s in np.sign(values))
    scales = [float(np.abs(b).max()) for b in values.reshape(-1, 256)]
    return {"type": name, "type_id": TYPE_IDS[name], "note": note, "rows": rows, "columns": columns,
            "bytes": bytes(raw).hex(), "ternary": signs, "block_scales": scales}


def published_blocks():
    for name, (size, place, raw_crc, value_crc) in DENSE_BLOCKS.items():
        raw = lcg_bytes(size)
        raw[place:place + 2] = bytes.fromhex("003a")
        assert zlib.crc32(raw) == raw_crc and zlib.crc32(decode(name, raw).tobytes()) == value_crc, name
        yield dense_vector(name, "LCG bytes from 7, d = 0.75", raw)


def corner_scales():
    """Negative d (integer 0 gives -0.0), f16 subnormal and largest d."""
    for name, (size, place, _, _) in DENSE_BLOCKS.items():
        for note, d in (("negative d", -0.75), ("subnormal d", 3 * 2.0**-24), ("largest finite d", 65504.0), ("d = 0", 0.0)):
            raw = lcg_bytes(size, seed=11)
            raw[place:place + 2] = struct.pack("<e", d)
            yield dense_vector(name, note, raw)
    halfs = [0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3c00, 0x3c01, 0xbc00, 0x7bff, 0xfbff, 0x3555, 0x8001]
    raw = struct.pack(f"<{len(halfs)}H", *halfs)
    yield {"type": "f16", "type_id": 1, "note": "zeros, subnormals, ones, largest", "bytes": raw.hex(),
           "values": np.frombuffer(raw, "<f2").astype("<f4").tobytes().hex()}
    upper = [0x0000, 0x8000, 0x0001, 0x007f, 0x0080, 0x3f80, 0x3f81, 0xbf80, 0x7f7f, 0xff7f, 0x3eab]
    raw = struct.pack(f"<{len(upper)}H", *upper)
    values = decode("bf16", raw)
    assert np.array_equal(values.view("<u4") >> 16, np.array(upper))
    yield {"type": "bf16", "type_id": 30, "note": "zeros, subnormals, ones, largest", "bytes": raw.hex(),
           "values": values.tobytes().hex()}


def read_only_blocks():
    """Types that the engine reads and never writes."""
    for name, (size, places) in READ_ONLY_BLOCKS.items():
        for note, d in (("d = 0.75", 0.75), ("negative d", -0.75), ("subnormal d", 3 * 2.0**-24), ("d = 0", 0.0)):
            raw = lcg_bytes(2 * size, seed=13)
            for at in range(0, len(raw), size):
                for i, place in enumerate(places):
                    raw[at + place:at + place + 2] = struct.pack("<e", d / (1 + 2 * i))
            yield dense_vector(name, "LCG bytes from 13, " + note, raw)


def ternary_blocks():
    values = ternary_pack.lcg_ternary(1024).reshape(4, 256)
    for name, crc, pack in (("tq1_0", 0xe26f077d, ternary_pack.pack_tq1_0), ("tq2_0", 0x48ea1303, ternary_pack.pack_tq2_0)):
        raw = pack(values, 0.75)
        assert zlib.crc32(raw) == crc, name
        yield ternary_vector(name, "LCG ternary from 1, 4 x 256, scale 0.75", raw, 4, 256)
        rows = values[:2].copy()
        rows[1] = 0
        yield ternary_vector(name, "second block all zero: d = 0", pack(rows, 0.333251953125), 2, 256)
    every = bytearray()
    for block in range(5):  # all 256 byte values, also those that no encoder writes
        every += bytes((52 * block + i) % 256 for i in range(52)) + struct.pack("<e", 0.5)
    yield ternary_vector("tq1_0", "every byte value", every, 5, 256)


def i2s_vectors():
    """One matrix in the three byte orders that share type id 36."""
    values = ternary_pack.lcg_ternary(1024).reshape(4, 256)
    codes = (values + 1).astype(np.uint8)
    orders = {"x86": ternary_pack.pack_i2s(values, 0.75)[:256]}
    runs = codes.reshape(-1, 4, 16)
    orders["neon"] = (runs[:, 0] << 6 | runs[:, 1] << 4 | runs[:, 2] << 2 | runs[:, 3]).astype(np.uint8).tobytes()
    orders["rows4"] = (codes[0] << 6 | codes[1] << 4 | codes[2] << 2 | codes[3]).astype(np.uint8).tobytes()
    for order, crc in (("x86", 0x57422e46), ("neon", 0xa04caa5d), ("rows4", 0x5630efb8)):
        assert zlib.crc32(orders[order]) == crc, order
        raw = orders[order] + struct.pack("<f", 0.75) + bytes(28)
        yield {"type": "i2_s", "type_id": 36, "order": order, "note": "LCG ternary from 1, 4 x 256, scale 0.75",
               "rows": 4, "columns": 256, "bytes": raw.hex(), "scale": 0.75,
               "ternary": "".join("-0+"[v + 1] for v in values.ravel())}


def main():
    ternary_pack.self_check()
    vectors = [*published_blocks(), *corner_scales(), *read_only_blocks(), *ternary_blocks(), *i2s_vectors()]
    head = {"reference": f"gguf {getattr(gguf, '__version__', '0.19.0')}, numpy {np.__version__}",
            "command": "python tools/goldens/make_quant_goldens.py"}
    lines = ",\n".join(json.dumps(v) for v in vectors)
    OUT.write_text(f'{{"made": {json.dumps(head)},\n"vectors": [\n{lines}]\n}}\n', encoding="utf-8")
    print(f"{OUT.name}: {len(vectors)} vectors, {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
