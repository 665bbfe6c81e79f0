# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of the GGUF reader's fuzzer: small whole files that between them
hold every value type, every tensor type that is read, and the type ids with several
meanings. Standard library only.

    python3 tools/fuzz_seeds/make_gguf_seeds.py            # into fuzz/corpus/gguf_reader/
"""
import pathlib
import random
import struct

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
TARGET = REPOSITORY / "fuzz" / "corpus" / "gguf_reader"

SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
STRING, ARRAY = 8, 9

# type id -> bytes of a tensor of 4 rows with 256 columns
READ_TYPES = {0: 4096, 1: 2048, 2: 576, 8: 1088, 14: 840, 24: 1024, 25: 2048, 26: 4096, 27: 8192, 28: 8192, 30: 2048,
              34: 216, 35: 264, 36: 288}
# name -> type id, rows, columns, bytes: matrices that the fuzzer's tiles divide
TILED = {"tl1": (38, 64, 96, 1568), "tl2": (39, 32, 256, 2080)}
CLASHES = {36: [288, 576], 38: [288, 320], 39: [544], 40: [576, 192], 42: [288, 272], 134: [216], 135: [272],
           142: [272, 256], 143: [224], 335: [272], 12: [576], 43: [64]}


def text(value):
    return struct.pack("<Q", len(value)) + value


def scalar(kind, value):
    return text(value) if kind == STRING else struct.pack(SCALARS[kind], value)


def pair(key, kind, value):
    return text(key) + struct.pack("<I", kind) + scalar(kind, value)


def array(key, kind, values):
    head = text(key) + struct.pack("<IIQ", ARRAY, kind, len(values))
    return head + b"".join(scalar(kind, value) for value in values)


def padded(data, alignment=32):
    return data + bytes(-len(data) % alignment)


def image(pairs, tensors, version=3):
    """tensors: (name, dimensions, type id, bytes)."""
    out = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(pairs)) + b"".join(pairs)
    data = b""
    for name, dimensions, type_id, content in tensors:
        out += text(name) + struct.pack("<I", len(dimensions))
        out += b"".join(struct.pack("<q", d) for d in dimensions) + struct.pack("<IQ", type_id, len(data))
        data += padded(content)
    return padded(out) + data if tensors else out


def every_value():
    pairs = [pair(b"k%d" % kind, kind, 1) for kind in SCALARS] + [pair(b"text", STRING, b"bitnet-b1.58")]
    pairs += [array(b"a%d" % kind, kind, [0, 1]) for kind in SCALARS] + [array(b"texts", STRING, [b"", b"ab"])]
    return image(pairs, [])


def ternary(type_id, size, codes):
    """Valid codes and finite scales wherever they lie: no byte holds a 3 and halves stay small."""
    content = bytearray(codes.choice(b"\x00\x15\x2a\x55\x19\x62") for _ in range(size))
    if type_id == 36:
        content[-32:] = struct.pack("<f", 0.5) + bytes(28)
    return bytes(content)


def tiled(size, codes):
    """No half of a byte is above 8, whether it counts pairs or triples."""
    content = bytes(codes.choice(b"\x00\x15\x48\x37\x62\x81") for _ in range(size - 32))
    return content + struct.pack("<f", 0.5) + bytes(28)


def seeds():
    rng = random.Random(1)
    yield "values", every_value()
    yield "version2", image([pair(b"general.architecture", STRING, b"bitnet")], [], version=2)
    yield "alignment", image([pair(b"general.alignment", 4, 8)], [(b"n", [3], 0, bytes(12))])
    for type_id, size in READ_TYPES.items():
        yield f"type{type_id}", image([], [(b"t", [256, 4], type_id, ternary(type_id, size, rng))])
    for name, (type_id, rows, columns, size) in TILED.items():
        yield name, image([], [(b"t", [columns, rows], type_id, tiled(size, random.Random(2)))])
    for type_id, sizes in CLASHES.items():
        for size in sizes:
            yield f"clash{type_id}_{size}", image([], [(b"t", [256, 4], type_id, bytes(size))])
    model = [(b"token_embd.weight", [128, 4], 1, bytes(1024)), (b"blk.0.attn_q.weight", [128, 4], 36, ternary(36, 160, rng)),
             (b"output_norm.weight", [128], 0, bytes(512))]
    keys = [pair(b"general.architecture", STRING, b"bitnet-b1.58"), pair(b"bitnet-b1.58.block_count", 4, 1),
            pair(b"bitnet-b1.58.rope.freq_base", 6, 500000.0), pair(b"tokenizer.ggml.add_bos_token", 7, True),
            array(b"tokenizer.ggml.tokens", STRING, [b"a", b"b", b"ab", b"<|eot_id|>"]),
            array(b"tokenizer.ggml.token_type", 5, [1, 1, 1, 3]), array(b"tokenizer.ggml.merges", STRING, [b"a b"])]
    yield "model", image(keys, model)


def main():
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, content in seeds():
        (TARGET / f"{name}.gguf").write_bytes(content)


if __name__ == "__main__":
    main()
