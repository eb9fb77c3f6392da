"""Writes GGUF files without the `gguf` package, for the scripts of tests and benchmarks."""
import struct

import numpy as np

ALIGNMENT = 32
# Tensor types: the number of the type, and the elements and bytes of a block.
F32, F16, Q4_K, Q6_K = (0, 1, 4), (1, 1, 2), (12, 256, 144), (14, 256, 210)


def string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def value(item):
    """Encodes a value. Integers become uint32; lists contain strings, floats or ints."""
    if isinstance(item, bool):
        return struct.pack("<I?", 7, item)
    if isinstance(item, int):
        return struct.pack("<II", 4, item)
    if isinstance(item, float):
        return struct.pack("<If", 6, item)
    if isinstance(item, str):
        return struct.pack("<I", 8) + string(item)
    kind, code = {str: (8, None), float: (6, "<f"), int: (5, "<i")}[type(item[0])]
    body = b"".join(string(i) if code is None else struct.pack(code, i) for i in item)
    return struct.pack("<IIQ", 9, kind, len(item)) + body


def size(shape, kind):
    _, elements, block = kind
    return int(np.prod(shape)) // elements * block


def padding(offset):
    return -offset % ALIGNMENT


def write(path, keys, tensors=(), data=None):
    """Writes a file.

    `tensors` is a list of (name, shape as in transformers, type). `data(name, size, type)` returns
    the bytes of a tensor.
    """
    header, offset = b"", 0
    for name, shape, kind in tensors:
        header += string(name) + struct.pack("<I", len(shape))
        header += b"".join(struct.pack("<Q", d) for d in reversed(shape))
        header += struct.pack("<IQ", kind[0], offset)
        offset += size(shape, kind) + padding(size(shape, kind))
    body = b"".join(string(k) + value(v) for k, v in keys.items())
    start = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + body + header
    with open(path, "wb") as file:
        file.write(start + b"\0" * (padding(len(start)) if tensors else 0))
        for name, shape, kind in tensors:
            file.write(data(name, size(shape, kind), kind) + b"\0" * padding(size(shape, kind)))
