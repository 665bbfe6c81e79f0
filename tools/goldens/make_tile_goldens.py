#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/tile_vectors.json and the TL1 and TL2 forms of the model b158-q6_k.

    python tools/goldens/make_tile_goldens.py [CONVERTER]

Packed by tools/goldens/ternary_tiles.py, checked against published checksums and, given the path
of bitnet.cpp's utils/convert-hf-to-gguf-bitnet.py, against its functions for every matrix written
here. The models have the weights of tests/data/models/b158-q6_k.i2_s.gguf, which the script makes
anew and compares byte for byte, and the spans that bitnet.cpp's converter gives them.
Needs numpy, tokenizers and gguf.
"""
import dataclasses
import json
import sys

import numpy as np

import gguf_write
import make_model_goldens
import model_specs
import ternary_pack
import ternary_tiles
import tiny_vocab

DATA = make_model_goldens.DATA
OUT = DATA / "tile_vectors.json"
MODEL = "b158-q6_k"
TYPE_IDS = {"tl1": 38, "tl2": 39}
FILE_TYPES = {"tl1": 38, "tl2": 39}
# rows, columns, (BM, BK, bm)
MATRICES = {"tl1": ((64, 64, (32, 32, 32)), (128, 96, (64, 48, 32)), (128, 64, (128, 32, 64)), (64, 96, (64, 12, 64)),
                    (96, 64, (96, 64, 32))),
            "tl2": ((32, 256, (32, 96, 32)), (64, 288, (32, 96, 32)), (64, 320, (64, 144, 32)), (32, 512, (32, 48, 32)),
                    (96, 256, (96, 192, 32)))}
MODEL_TILES = {"tl1": {(256, 256): (128, 64, 64), (128, 256): (64, 128, 32)},
               "tl2": {(256, 256): (128, 96, 32), (128, 256): (64, 192, 32)}}


def matrix(rows, columns):
    return ternary_pack.lcg_ternary(rows * columns).reshape(rows, columns)


def vectors():
    """The values are the LCG sequence that the published checksums refer to."""
    for name, cases in MATRICES.items():
        for rows, columns, tiles in cases:
            raw = ternary_tiles.pack(name, matrix(rows, columns), tiles, 0.75)
            yield {"type": name, "rows": rows, "columns": columns, "tiles": tiles, "scale": 0.75, "bytes": raw.hex()}


def model_parts():
    """(spec, weights, dense tensors, tokenizer, merges) of the stored I2_S model."""
    spec = next(s for s in model_specs.SPECS if s.name == MODEL)
    golden = json.loads((DATA / "goldens" / f"{MODEL}.json").read_text(encoding="utf-8"))
    spec = dataclasses.replace(spec, seed=golden["weight_seed"])
    return spec, *model_specs.make_weights(spec), *make_model_goldens.make_tokenizer(spec.config.vocab)


def image(name, parts):
    spec, weights, dense, tokenizer, merges = parts
    kv = model_specs.metadata(spec, name) + tiny_vocab.gguf_vocab_kv(tokenizer, merges, spec.pre)
    return gguf_write.gguf_bytes(kv, model_specs.tensors(spec, name, weights, dense))


def register(name):
    """Makes a look-up format one of those that model_specs packs."""
    tiles = MODEL_TILES[name]
    model_specs.FILE_TYPES[name] = FILE_TYPES[name]
    model_specs.TERNARY[name] = (TYPE_IDS[name],
                                 lambda values, scale: ternary_tiles.pack(name, values, tiles[values.shape], scale))


def checked_matrices(weights):
    for name, cases in MATRICES.items():
        yield from ((name, matrix(rows, columns), tiles) for rows, columns, tiles in cases)
    for name, tiles in MODEL_TILES.items():
        for layer in weights["layers"]:
            for linear in model_specs.LINEAR_SHAPES:
                yield name, layer[linear][0], tiles[layer[linear][0].shape]


def main():
    ternary_tiles.self_check(ternary_pack.lcg_ternary(256 * 256))
    parts = model_parts()
    if len(sys.argv) > 1:
        ternary_tiles.check_with_bitnet_cpp(sys.argv[1], checked_matrices(parts[1]))
    assert image("i2_s", parts) == (DATA / "models" / f"{MODEL}.i2_s.gguf").read_bytes(), "not the stored model"
    for name in TYPE_IDS:
        register(name)
        (DATA / "models" / f"{MODEL}.{name}.gguf").write_bytes(image(name, parts))
    lines = ",\n".join(json.dumps(v) for v in vectors())
    head = {"reference": f"numpy {np.__version__}", "command": "python tools/goldens/make_tile_goldens.py"}
    OUT.write_text(f'{{"made": {json.dumps(head)},\n"vectors": [\n{lines}]\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
