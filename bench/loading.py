"""Compares the peak memory during a model load with the resident memory after it.

Usage: loading.py --probe build/release/bin/engine_probe [--folder FOLDER] [--only NAME...]

Generates random models of more than 1 GB for every load path (5 GB in total, kept in the folder),
loads each in its own process and prints a Markdown table. The memory is that of the whole process
minus that of the libraries before the load.
"""
import argparse
import json
import pathlib
import struct
import subprocess
import sys

import numpy as np

sys.path.append(str(pathlib.Path(__file__).parents[1] / "tests/golden"))
import small_gguf  # noqa: E402

MIB = 1 << 20
VOCAB = 32000
RNG = np.random.default_rng(1)
TOKENIZER = {
    "model": {"type": "BPE", "vocab": {c: i for i, c in enumerate("abcdefgh")}, "merges": []}}


def llama_shapes(layers, hidden, width, names):
    yield names["embd"], (VOCAB, hidden)
    for i in range(layers):
        for part, shape in (("attn_norm", (hidden,)), ("attn_q", (hidden, hidden)),
                            ("attn_k", (hidden // 2, hidden)), ("attn_v", (hidden // 2, hidden)),
                            ("attn_output", (hidden, hidden)), ("ffn_norm", (hidden,)),
                            ("ffn_gate", (width, hidden)), ("ffn_up", (width, hidden)),
                            ("ffn_down", (hidden, width))):
            yield names["layer"].format(i) + names.get(part, part) + ".weight", shape
    yield names["norm"], (hidden,)
    yield names["output"], (VOCAB, hidden)


HUB = {"embd": "model.embed_tokens.weight", "layer": "model.layers.{}.",
       "norm": "model.norm.weight", "output": "lm_head.weight", "attn_norm": "input_layernorm",
       "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
       "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
       "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
GGUF = {"embd": "token_embd.weight", "layer": "blk.{}.", "norm": "output_norm.weight",
        "output": "output.weight"}


def gpt2_shapes(layers, hidden):
    yield "wte.weight", (VOCAB, hidden)
    yield "wpe.weight", (1024, hidden)
    for i in range(layers):
        for part, shape in (("ln_1.weight", (hidden,)), ("ln_1.bias", (hidden,)),
                            ("attn.c_attn.weight", (hidden, 3 * hidden)),
                            ("attn.c_attn.bias", (3 * hidden,)),
                            ("attn.c_proj.weight", (hidden, hidden)),
                            ("attn.c_proj.bias", (hidden,)), ("ln_2.weight", (hidden,)),
                            ("ln_2.bias", (hidden,)), ("mlp.c_fc.weight", (hidden, 4 * hidden)),
                            ("mlp.c_fc.bias", (4 * hidden,)),
                            ("mlp.c_proj.weight", (4 * hidden, hidden)),
                            ("mlp.c_proj.bias", (hidden,))):
            yield f"h.{i}.{part}", shape
    yield "ln_f.weight", (hidden,)
    yield "ln_f.bias", (hidden,)


def floats(size, dtype):
    pool = (RNG.normal(size=1 << 20) * 0.02).astype("<f4")
    data = pool.tobytes() if dtype == "F32" else (pool.view("<u4") >> 16).astype("<u2").tobytes()
    return (data * (size // len(data) + 1))[:size]


def blocks(size, kind):
    """Returns blocks with random codes and with scales and minima of a realistic size."""
    _, _, bytes_of_block = kind
    pool = RNG.integers(0, 256, size=(4096, bytes_of_block), dtype=np.uint8)
    for offset in ([0, 2] if kind == small_gguf.Q4_K else [208]):
        pool[:, offset:offset + 2] = (RNG.normal(size=4096) * 1e-3).astype(np.float16).view(
            np.uint8).reshape(-1, 2)
    data = pool.tobytes()
    return (data * (size // len(data) + 1))[:size]


def write_folder(folder, config, tensors, dtype):
    element = 4 if dtype == "F32" else 2
    header, offset = {}, 0
    for name, shape in tensors:
        size = int(np.prod(shape)) * element
        header[name] = dict(dtype=dtype, shape=list(shape), data_offsets=[offset, offset + size])
        offset += size
    text = json.dumps(header).encode()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(TOKENIZER))
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in tensors:
            file.write(floats(int(np.prod(shape)) * element, dtype))
    return folder


def llama_folder(folder):
    hidden, width, layers = 1536, 6144, 16
    config = dict(model_type="llama", hidden_size=hidden, intermediate_size=width,
                  num_hidden_layers=layers, num_attention_heads=16, num_key_value_heads=8,
                  vocab_size=VOCAB, max_position_embeddings=2048, rms_norm_eps=1e-5)
    return write_folder(folder, config, list(llama_shapes(layers, hidden, width, HUB)), "BF16")


def gpt2_folder(folder):
    hidden, layers = 1024, 24
    config = dict(model_type="gpt2", n_embd=hidden, n_layer=layers, n_head=16, n_positions=1024,
                  vocab_size=VOCAB)
    return write_folder(folder, config, list(gpt2_shapes(layers, hidden)), "F32")


def llama_gguf(path, kind):
    hidden, width, layers = 1536, 6144, 32
    keys = {"general.architecture": "llama", "llama.block_count": layers,
            "llama.embedding_length": hidden, "llama.feed_forward_length": width,
            "llama.attention.head_count": 16, "llama.attention.head_count_kv": 8,
            "llama.context_length": 2048, "llama.attention.layer_norm_rms_epsilon": 1e-5,
            "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "gpt-2",
            "tokenizer.ggml.tokens": list("abcdefgh"), "tokenizer.ggml.merges": ["a b"]}
    keys["tokenizer.ggml.tokens"].append("ab")
    tensors = [(n, s, kind if len(s) == 2 else small_gguf.F32)
               for n, s in llama_shapes(layers, hidden, width, GGUF)]
    path.parent.mkdir(parents=True, exist_ok=True)
    small_gguf.write(path, keys, tensors,
                     lambda name, size, k: floats(size, "F32") if k == small_gguf.F32
                     else blocks(size, k))
    return path


MODELS = {"llama-bf16": llama_folder, "gpt2-f32": gpt2_folder,
          "llama-q4_k.gguf": lambda path: llama_gguf(path, small_gguf.Q4_K),
          "llama-q6_k.gguf": lambda path: llama_gguf(path, small_gguf.Q6_K)}
LOADS = [("llama-bf16", "auto"), ("llama-bf16", "full"), ("llama-bf16", "int8"),
         ("llama-bf16", "int4"), ("gpt2-f32", "auto"), ("gpt2-f32", "int8"),
         ("llama-q4_k.gguf", "auto"), ("llama-q6_k.gguf", "auto"), ("llama-q6_k.gguf", "int4")]


def measure(probe, path, weights):
    command = [probe, "--model", str(path), "--weights", weights, "--context", "1024", "--memory"]
    done = subprocess.run(command, input="", capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{path} {weights}: {done.stderr.strip()}")
    return json.loads(done.stdout.splitlines()[0])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--probe", required=True)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("/tmp/assay-loading"))
    parser.add_argument("--only", nargs="*")
    args = parser.parse_args()
    print("| model | weights | file, MiB | resident, MiB | peak, MiB | peak / resident | load, s "
          "|\n|---|---|---:|---:|---:|---:|---:|")
    for name, weights in LOADS:
        if args.only and name not in args.only:
            continue
        path = args.folder / name
        if not path.exists():
            MODELS[name](path)
        files = [path] if path.is_file() else list(path.iterdir())
        m = measure(args.probe, path, weights)
        peak, resident = m["peak"] - m["before"], m["resident"] - m["before"]
        print(f"| {name} | {weights} | {sum(f.stat().st_size for f in files) / MIB:.0f} | "
              f"{resident / MIB:.0f} | {peak / MIB:.0f} | {peak / resident:.3f} | "
              f"{m['seconds']:.1f} |", flush=True)


main()
