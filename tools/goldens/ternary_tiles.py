# SPDX-License-Identifier: Apache-2.0
"""Encoders for the ternary tensors of bitnet.cpp's look-up kernels: TL1 (ARM) and TL2 (x86).

As tools/goldens/ternary_pack.py: an integer matrix of values in {-1, 0, +1} and a scale give the
tensor's bytes. `tiles` is (BM, BK, bm) as bitnet.cpp's kernel_config.ini has them (bm is its bmm).
Written as the place that each value goes to (docs/formats.md), not as the reshaping that
bitnet.cpp does; self_check() compares with published checksums of what its converter gives, and
check_with_bitnet_cpp() with the converter itself.
"""
import ast
import os
import pathlib
import tempfile
import zlib

import numpy as np

SCALE_BYTES = 32  # a float32 and padding
# Of a 256 x 256 matrix of the LCG sequence, without scale and padding.
CHECKSUMS = (("tl1", (256, 128, 32), 16384, 0xbfdcef9f), ("tl1", (128, 64, 64), 16384, 0x1fa0bc16),
             ("tl2", (256, 96, 32), 14336, 0x195840f3), ("tl2", (128, 192, 32), 14336, 0xca81e57d))


def _blocks(rows, width, tiles, block_rows, block_columns):
    """For each row and column of a region `width` columns wide: the number of the block that holds it."""
    tile_rows, tile_columns = tiles
    r, c = np.arange(rows)[:, None], np.arange(width)[None, :]
    tile = r // tile_rows * (width // tile_columns) + c // tile_columns
    band = tile * (tile_rows // block_rows) + r % tile_rows // block_rows
    return band * (tile_columns // block_columns) + c % tile_columns // block_columns


def _halves(places, numbers, high):
    """Bytes of which each number is the upper or the lower half."""
    out = np.zeros(numbers.size // 2, np.uint8)
    np.add.at(out, places.ravel(), (numbers << np.where(high, 4, 0)).astype(np.uint8).ravel())
    return out.tobytes()


def _tl1_codes(values, tiles):
    tile_rows, tile_columns, lanes = tiles
    rows, columns = values.shape
    block_columns = 256 // lanes
    first = np.arange(0, columns, 2)[None, :]  # of each pair
    lane = np.arange(rows)[:, None] % lanes
    block = _blocks(rows, columns, (tile_rows, tile_columns), lanes, block_columns)[:, ::2]
    place = block * 64 + (lane // 16 * (block_columns // 4) + first % block_columns // 4) * 16 + lane % 16
    return _halves(place, 3 * values[:, ::2] + values[:, 1::2] + 4, first % 4 == 0)


def _tl2_place(rows):
    """Of a row among the 32 bytes of a block: the middle two groups of eight change places."""
    lane = np.arange(rows)[:, None] % 32
    return np.array([0, 2, 1, 3])[lane // 8] * 8 + lane % 8


def _triples(values, tiles):
    rows, columns = values.shape
    numbers = 9 * values[:, ::3] + 3 * values[:, 1::3] + values[:, 2::3]
    first = np.arange(0, columns, 3)[None, :]
    place = _blocks(rows, columns, tiles, 32, 6)[:, ::3] * 32 + _tl2_place(rows)
    magnitudes = _halves(place, np.abs(numbers), first % 6 == 0)

    lane = np.arange(rows)[:, None] % 32
    word = _blocks(rows, columns, tiles, 32, 24)[:, ::3] * 16 + lane % 16
    bit = 15 - (2 * (first % 24 // 3) + lane // 16)
    signs = np.zeros(numbers.size // 16, np.uint16)
    np.add.at(signs, word.ravel(), ((numbers < 0) << bit).astype(np.uint16).ravel())
    return magnitudes + signs.astype("<u2").tobytes()


def _pairs(values, tile_rows):
    rows, columns = values.shape
    first = np.arange(0, columns, 2)[None, :]
    place = _blocks(rows, columns, (tile_rows, 32), 32, 4)[:, ::2] * 32 + _tl2_place(rows)
    return _halves(place, 3 * values[:, ::2] + values[:, 1::2] + 4, first % 4 == 0)


def _tl2_codes(values, tiles):
    tile_rows, tile_columns, _ = tiles
    columns = values.shape[1]
    split = columns - columns % tile_columns
    return _triples(values[:, :split], (tile_rows, tile_columns)) + _pairs(values[:, split:], tile_rows)


def codes(name, values, tiles):
    values = np.asarray(values).astype(np.int64)
    return _tl1_codes(values, tiles) if name == "tl1" else _tl2_codes(values, tiles)


def pack(name, values, tiles, scale):
    """The whole tensor: codes, padding, the scale."""
    body = codes(name, values, tiles)
    if name == "tl2":
        rows, columns = np.shape(values)
        size = (columns - 256) * rows // 3 * 5 // 8 + 256 * rows // 2 * 4 // 8
        size += -size % 32
        assert len(body) <= size, "the codes do not fit the size that readers compute"
        body += bytes(size - len(body))
    return body + np.float32(scale).tobytes() + bytes(SCALE_BYTES - 4)


def self_check(lcg):
    for name, tiles, size, crc in CHECKSUMS:
        body = codes(name, lcg.reshape(256, 256), tiles)
        assert (len(body), zlib.crc32(body)) == (size, crc), (name, tiles)


def check_with_bitnet_cpp(converter, cases):
    """Compares with the functions of bitnet.cpp's utils/convert-hf-to-gguf-bitnet.py, given its path.

    They read the tiles from include/kernel_config.ini under the working folder."""
    tree = ast.parse(pathlib.Path(converter).read_text())
    wanted = [node for node in tree.body if isinstance(node, ast.FunctionDef) and ("tl1" in node.name or "tl2" in node.name)]
    scope = {"np": np, "Tuple": tuple}
    exec(compile(ast.Module(wanted, []), str(converter), "exec"), scope)  # pylint: disable=exec-used
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.mkdir("include")
        try:
            for name, values, tiles in cases:
                rows, columns = values.shape
                numbers = zip(("m", "k", "bm", "bk", "bmm"), (rows, columns, *tiles))
                pathlib.Path("include/kernel_config.ini").write_text(
                    "[Kernels_0]\n" + "".join(f"{key} = {number}\n" for key, number in numbers))
                theirs = scope[f"preprocess_weights_{name}"](values.astype(np.float32)).tobytes()
                ours = pack(name, values, tiles, 1.0)[:-SCALE_BYTES]
                assert theirs == ours[:len(theirs)] and not any(ours[len(theirs):]), (name, tiles)
        finally:
            os.chdir(before)
