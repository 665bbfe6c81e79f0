# SPDX-License-Identifier: Apache-2.0
"""A GGUF v3 container: writes one, and reads back what it writes.

Metadata values are (type name, value) pairs; an array is ("[str]", list).
Tensors are (name, shape with the fastest dimension first, type id, bytes).
"""

import struct

MAGIC, VERSION, ALIGNMENT = b"GGUF", 3, 32
SCALARS = {"u32": (4, "<I"), "i32": (5, "<i"), "f32": (6, "<f"), "bool": (7, "<?")}
STRING, ARRAY = 8, 9
F32, F16, I2_S = 0, 1, 36


def _padding(size):
    return -size % ALIGNMENT


def _string(text):
    data = text.encode("utf-8")
    return struct.pack("<Q", len(data)) + data


def _value(kind, value):
    if kind.startswith("["):
        inner = kind[1:-1]
        code = STRING if inner == "str" else SCALARS[inner][0]
        head = struct.pack("<IIQ", ARRAY, code, len(value))
        if inner == "str":
            return head + b"".join(map(_string, value))
        return head + b"".join(struct.pack(SCALARS[inner][1], v) for v in value)
    if kind == "str":
        return struct.pack("<I", STRING) + _string(value)
    code, layout = SCALARS[kind]
    return struct.pack("<I", code) + struct.pack(layout, value)


def write(path, metadata, tensors):
    """metadata: {key: (kind, value)} in file order; tensors in file order."""
    out = [MAGIC, struct.pack("<IQQ", VERSION, len(tensors), len(metadata))]
    out += [_string(key) + _value(*pair) for key, pair in metadata.items()]
    offset = 0
    for name, shape, type_id, data in tensors:
        out.append(_string(name) + struct.pack("<I", len(shape)))
        out.append(struct.pack(f"<{len(shape)}Q", *shape))
        out.append(struct.pack("<IQ", type_id, offset))
        offset += len(data) + _padding(len(data))
    head = b"".join(out)
    with open(path, "wb") as file:
        file.write(head + bytes(_padding(len(head))))
        for *_, data in tensors:
            file.write(data + bytes(_padding(len(data))))


class _Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, layout):
        value, = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return value

    def string(self):
        size = self.take("<Q")
        self.at += size
        return self.data[self.at - size:self.at].decode("utf-8")

    def scalar(self, code):
        if code == STRING:
            return self.string()
        return self.take({c: layout for c, layout in SCALARS.values()}[code])

    def value(self):
        code = self.take("<I")
        if code != ARRAY:
            return self.scalar(code)
        inner, count = self.take("<I"), self.take("<Q")
        return [self.scalar(inner) for _ in range(count)]


def _byte_size(shape, type_id):
    count = 1
    for extent in shape:
        count *= extent
    return {F32: 4 * count, F16: 2 * count, I2_S: count // 4 + 32}[type_id]


def read(path):
    """({key: value}, {tensor name: (shape, type id, bytes)}) of a file."""
    with open(path, "rb") as file:
        cursor = _Cursor(file.read())
    if cursor.data[:4] != MAGIC or cursor.data[4] != VERSION:
        raise ValueError(f"{path} is not a GGUF v{VERSION} file")
    cursor.at = 8
    tensor_count, key_count = cursor.take("<Q"), cursor.take("<Q")
    metadata = {cursor.string(): cursor.value() for _ in range(key_count)}
    infos = []
    for _ in range(tensor_count):
        name, dims = cursor.string(), cursor.take("<I")
        shape = [cursor.take("<Q") for _ in range(dims)]
        infos.append((name, shape, cursor.take("<I"), cursor.take("<Q")))
    begin = cursor.at + _padding(cursor.at)
    tensors = {}
    for name, shape, type_id, offset in infos:
        at = begin + offset
        tensors[name] = (shape, type_id,
                         cursor.data[at:at + _byte_size(shape, type_id)])
    return metadata, tensors
