"""Makes tests/golden/text/types.gguf, which has a tensor of every type that Assay supports.

    python tests/golden/text/make_gguf.py

It also writes types.f32: the same tensors, dequantized by the `gguf` package, in the order of the
file, as little-endian floats.
"""
import pathlib

import gguf
import numpy as np

HERE = pathlib.Path(__file__).parent
ROWS, COLUMNS = 5, 256

# The offsets of the half-precision scales and minima in a block.
SCALES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "IQ4_NL": [0],
    "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_XS": [0],
    "TQ1_0": [52], "TQ2_0": [64], "MXFP4": [],
}
# Scales and minima that a quantizer never writes, for the first blocks: subnormal, infinite, NaN.
EXTREMES = [(6e-8, -3e-7), (np.inf, -np.inf), (np.nan, 1), (-65504, 65504)]


def raw_blocks(kind, count, rng):
    """Returns `count` blocks of random bytes, with plausible scales in most blocks.

    The scales of the first blocks of every eight are EXTREMES.
    """
    _, size = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[kind]]
    blocks = rng.integers(0, 256, size=(count, size), dtype=np.uint8)
    if kind == "MXFP4":
        blocks[:5, 0] = [0, 1, 2, 254, 255]
    for i, at in enumerate(SCALES[kind]):
        scales = rng.normal(size=count).astype(np.float16)
        for j, extreme in enumerate(EXTREMES):
            scales[j::8] = np.float16(extreme[i])
        blocks[:, at:at + 2] = scales.view(np.uint8).reshape(-1, 2)
    return blocks


def dequantize(data, kind):
    with np.errstate(all="ignore"):
        return np.ascontiguousarray(gguf.quants.dequantize(data, kind), dtype="<f4")


def main():
    rng = np.random.default_rng(7)
    writer = gguf.GGUFWriter(HERE / "types.gguf", "llama")
    writer.add_string("test.text", "grüße")
    writer.add_uint32("test.unsigned", 4_000_000_000)
    writer.add_int32("test.signed", -5)
    writer.add_float32("test.float", 1.5)
    writer.add_bool("test.flag", True)
    writer.add_array("test.strings", ["a", "", "ß"])
    writer.add_array("test.numbers", [1, -2, 3])
    expected = {}
    plain = rng.normal(size=(ROWS, COLUMNS)).astype(np.float32)
    for name, kind, data in [("f32", gguf.GGMLQuantizationType.F32, plain),
                             ("f16", gguf.GGMLQuantizationType.F16, plain.astype(np.float16)),
                             ("bf16", gguf.GGMLQuantizationType.BF16,
                              (plain.view(np.uint32) >> 16).astype(np.uint16).view(np.uint8))]:
        writer.add_tensor(name, data, raw_dtype=kind)
        expected[name] = dequantize(data, kind)
    for kind in SCALES:
        quant = gguf.GGMLQuantizationType[kind]
        elements, _ = gguf.GGML_QUANT_SIZES[quant]
        data = raw_blocks(kind, ROWS * COLUMNS // elements, rng).reshape(ROWS, -1)
        writer.add_tensor(kind.lower(), data, raw_dtype=quant)
        expected[kind.lower()] = dequantize(data, quant)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    (HERE / "types.f32").write_bytes(b"".join(v.tobytes() for v in expected.values()))


if __name__ == "__main__":
    main()
