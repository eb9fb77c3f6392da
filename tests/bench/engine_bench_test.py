"""Tests assay-bench on a model without text, and the table that bench/compare.py makes of it.

Usage: engine_bench_test.py build/release/bin/assay-bench
"""
import json
import math
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import compare  # noqa: E402

BENCH = ""
HIDDEN, VOCAB, CONTEXT = 32, 257, 2304


def write_model(folder):
    """Writes a Llama model of zeros. All its logits are 0, so that it always chooses token 0, which
    is special and has no text."""
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": HIDDEN,
              "intermediate_size": HIDDEN, "num_hidden_layers": 1, "num_attention_heads": 1,
              "num_key_value_heads": 1, "vocab_size": VOCAB, "max_position_embeddings": CONTEXT,
              "tie_word_embeddings": True, "rms_norm_eps": 1e-5, "hidden_act": "silu",
              "bos_token_id": 0, "eos_token_id": 0}
    (folder / "config.json").write_text(json.dumps(config))
    # The alphabet of byte-level BPE.
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]
    tokenizer = {"version": "1.0", "normalizer": None, "post_processor": None,
                 "added_tokens": [{"id": 0, "content": "<s>", "single_word": False, "lstrip": False,
                                   "rstrip": False, "normalized": False, "special": True}],
                 "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False},
                 "decoder": {"type": "ByteLevel"},
                 "model": {"type": "BPE", "merges": [],
                           "vocab": {"<s>": 0} | {c: i + 1 for i, c in enumerate(letters)}}}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    layer = "model.layers.0."
    shapes = {"model.embed_tokens.weight": [VOCAB, HIDDEN], "model.norm.weight": [HIDDEN],
              layer + "input_layernorm.weight": [HIDDEN],
              layer + "post_attention_layernorm.weight": [HIDDEN]}
    for name in ("self_attn.q", "self_attn.k", "self_attn.v", "self_attn.o", "mlp.gate", "mlp.up",
                 "mlp.down"):
        shapes[f"{layer}{name}_proj.weight"] = [HIDDEN, HIDDEN]
    header, end = {}, 0
    for name, shape in shapes.items():
        begin, end = end, end + 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + bytes(end))


class EngineBenchTest(unittest.TestCase):
    def test_a_stream_without_tokens_is_reported_as_such(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            write_model(folder / ".")
            rewrite = folder / "rewrite.txt"
            rewrite.write_text("abc")
            done = subprocess.run(
                [BENCH, "--model", folder, "--repeats", "2", "--rewrite", rewrite, "--only",
                 "decode1,decode4,prefill32,rewrite1"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = json.loads(done.stdout)
        self.assertEqual(found["decode1"], ["no tokens"] * 2)
        self.assertEqual(found["decode4"], ["no tokens"] * 2)
        # Unlike the other measurements, it ends with the end-of-text token.
        for name in ("rewrite1", "rewrite1_plain", "rewrite1_accepted"):
            self.assertEqual(found[name], ["no tokens"] * 2)
        self.assertTrue(all(speed > 0 for speed in found["prefill32"]))


class TableTest(unittest.TestCase):
    def test_words_are_in_the_cells(self):
        assay = {"decode1": [["no tokens", "no tokens"], ["no tokens", "no tokens"]],
                 "decode4": [[10.0, "too few tokens"], [30.0, "no tokens"]],
                 "prefill32": [[100.0], [300.0]]}
        peer = {"decode1": [[5.0], [5.0]], "decode4": [[5.0], [5.0]], "prefill32": [[50.0], [100.0]]}
        lines = compare.table({"assay": assay} | dict.fromkeys(compare.PEERS, peer)).splitlines()
        cells = {line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]]
                 for line in lines[2:]}
        self.assertEqual(cells["Decode, 1 stream, tokens/s"], ["no tokens", "5.00", "5.00", "", ""])
        self.assertEqual(cells["Decode, 4 concurrent streams, tokens/s"][0],
                         "20.0 (1 of 4 repeats: no tokens, 1 of 4 repeats: too few tokens)")
        self.assertEqual(cells["Decode, 4 concurrent streams, tokens/s"][3], "4.00 (2.00 to 6.00)")
        self.assertEqual(cells["Prefill of 32 tokens, tokens/s"][0], "200")


if __name__ == "__main__":
    BENCH = sys.argv.pop(1)
    unittest.main()
