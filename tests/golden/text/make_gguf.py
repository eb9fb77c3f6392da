"""Makes tests/golden/text/types.gguf, and types.json: the same tensors de-quantised by the `gguf` package.

    python tests/golden/text/make_gguf.py
"""
import json
import pathlib

import gguf
import numpy as np

HERE = pathlib.Path(__file__).parent
ROWS, COLUMNS = 3, 64


def raw_blocks(kind, rng):
    """Random bits in every byte, scales included, with what a quantiser never writes (negative and subnormal scales)."""
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    data = rng.integers(0, 256, size=(ROWS, COLUMNS // elements * size), dtype=np.uint8)
    blocks = data.reshape(-1, size)
    halves = 2 if kind == gguf.GGMLQuantizationType.Q4_1 else 1
    scales = rng.normal(size=(len(blocks), halves)).astype(np.float16)
    scales[0, 0] = np.float16(3e-7)
    blocks[:, :2 * halves] = scales.view(np.uint8)
    return data


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
        expected[name] = gguf.quants.dequantize(data, kind)
    for kind in ("Q4_0", "Q4_1", "Q8_0"):
        quant = gguf.GGMLQuantizationType[kind]
        data = raw_blocks(quant, rng)
        writer.add_tensor(kind.lower(), data, raw_dtype=quant)
        expected[kind.lower()] = gguf.quants.dequantize(data, quant)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    # Bits, not decimals: the comparison is exact.
    bits = {name: np.ascontiguousarray(v, dtype=np.float32).view(np.uint32).ravel().tolist() for name, v in expected.items()}
    (HERE / "types.json").write_text(json.dumps(bits) + "\n")


if __name__ == "__main__":
    main()
