# SPDX-License-Identifier: Apache-2.0
"""A minimal GGUF v3 writer, independent of the engine and of the `gguf` package.

Used by the other scripts of this folder: write_gguf(path, kv, tensors).
  kv      list of (key, type, value); type is one of the names in SCALARS, "string",
          "bool", or "array:<one of these>"
  tensors list of (name, shape, type_id, data): shape in GGUF order (columns first),
          data the exact bytes of the tensor
"""
import struct

ALIGNMENT = 32
SCALARS = {"u8": (0, "<B"), "i8": (1, "<b"), "u16": (2, "<H"), "i16": (3, "<h"), "u32": (4, "<I"),
           "i32": (5, "<i"), "f32": (6, "<f"), "bool": (7, "<?"), "u64": (10, "<Q"),
           "i64": (11, "<q"), "f64": (12, "<d")}
STRING_ID = 8
ARRAY_ID = 9

# Tensor type ids. 36 is I2_S in the files this project reads.
F32, F16, Q4_0, Q5_0, Q8_0, Q6_K, BF16, TQ1_0, TQ2_0, I2_S = 0, 1, 2, 6, 8, 14, 30, 34, 35, 36


def _string(text):
    raw = text.encode("utf-8")
    return struct.pack("<Q", len(raw)) + raw


def _type_id(kind):
    return STRING_ID if kind == "string" else SCALARS[kind][0]


def _scalar(kind, value):
    return _string(value) if kind == "string" else struct.pack(SCALARS[kind][1], value)


def _value(kind, value):
    """Type id and encoded value."""
    if not kind.startswith("array:"):
        return struct.pack("<i", _type_id(kind)) + _scalar(kind, value)
    element = kind.split(":", 1)[1]
    head = struct.pack("<iiQ", ARRAY_ID, _type_id(element), len(value))
    return head + b"".join(_scalar(element, v) for v in value)


def _padded(size):
    return -(-size // ALIGNMENT) * ALIGNMENT


def gguf_bytes(kv, tensors):
    """The whole file image."""
    out = bytearray(b"GGUF" + struct.pack("<Iqq", 3, len(tensors), len(kv)))
    for key, kind, value in kv:
        out += _string(key) + _value(kind, value)
    offset = 0
    for name, shape, type_id, data in tensors:
        out += _string(name) + struct.pack("<I", len(shape))
        out += b"".join(struct.pack("<q", n) for n in shape)
        out += struct.pack("<iQ", type_id, offset)
        offset += _padded(len(data))
    if tensors:
        out += bytes(_padded(len(out)) - len(out))
    for i, (_, _, _, data) in enumerate(tensors):
        out += data
        if i + 1 < len(tensors):
            out += bytes(_padded(len(data)) - len(data))
    return bytes(out)


def write_gguf(path, kv, tensors):
    image = gguf_bytes(kv, tensors)
    with open(path, "wb") as f:
        f.write(image)
    return len(image)
