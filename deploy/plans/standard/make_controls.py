"""Writes the negative controls of the standard study: random models with SmolLM2's vocabulary.

Usage: uv run --with gguf --with numpy make_controls.py SMOLLM2.gguf OUT_FOLDER

Writes two Llama models of two layers with random weights (seeds 1 and 2) and SmolLM2's tokenizer
and chat template, about 13 MB each. A scorer that does not rank them last measures nothing.
"""
import os
import pathlib
import sys

import gguf
import numpy as np

WIDTH, HEADS, KV_HEADS, LAYERS, HIDDEN = 128, 4, 2, 2, 256
HEAD = WIDTH // HEADS


def copy_tokenizer(reader, writer):
    """Copies every tokenizer.* field unchanged."""
    for name, field in reader.fields.items():
        if not name.startswith("tokenizer."):
            continue
        kind = field.types[0]
        if kind == gguf.GGUFValueType.ARRAY:
            writer.add_array(name, field.contents())
        else:
            writer.add_key_value(name, field.contents(), kind)


def add_shape(writer, context):
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_dimension_count(HEAD)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)


def add_weights(writer, vocabulary, seed):
    random = np.random.default_rng(seed)

    def matrix(name, rows, columns):
        weight = random.standard_normal((rows, columns)) / np.sqrt(columns)
        writer.add_tensor(name, weight.astype(np.float16))

    def norm(name):
        writer.add_tensor(name, np.ones(WIDTH, dtype=np.float32))

    matrix("token_embd.weight", vocabulary, WIDTH)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        norm(block + "attn_norm.weight")
        matrix(block + "attn_q.weight", WIDTH, WIDTH)
        matrix(block + "attn_k.weight", KV_HEADS * HEAD, WIDTH)
        matrix(block + "attn_v.weight", KV_HEADS * HEAD, WIDTH)
        matrix(block + "attn_output.weight", WIDTH, WIDTH)
        norm(block + "ffn_norm.weight")
        matrix(block + "ffn_gate.weight", HIDDEN, WIDTH)
        matrix(block + "ffn_up.weight", HIDDEN, WIDTH)
        matrix(block + "ffn_down.weight", WIDTH, HIDDEN)
    norm("output_norm.weight")


def write(reader, path, seed):
    partial = path.with_suffix(".tmp")
    writer = gguf.GGUFWriter(str(partial), "llama")
    writer.add_name(f"random control {seed}")
    add_shape(writer, 2048)
    copy_tokenizer(reader, writer)
    add_weights(writer, len(reader.fields["tokenizer.ggml.tokens"].data), seed)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(partial, path)


def main():
    source, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    reader = gguf.GGUFReader(source)
    for seed in (1, 2):
        path = folder / f"random_{seed}.gguf"
        write(reader, path, seed)
        print(path)


if __name__ == "__main__":
    main()
