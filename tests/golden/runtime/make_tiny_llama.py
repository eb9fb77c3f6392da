"""Writes tiny Llama models as GGUF, and the results of transformers with the same weights.

    python tests/golden/runtime/make_tiny_llama.py     (needs gguf, numpy, torch and transformers)

For each model it writes NAME.gguf; NAME.json with the tokens of a prompt and the greedy tokens
after it; and NAME.f32 with the fp32 logits after each prompt token, [tokens, vocab], little endian.
Weights are random and rounded to their type in the file; transformers gets the rounded weights.
"""
import json
import pathlib

import gguf
import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.convert_slow_tokenizer import bytes_to_unicode

HERE = pathlib.Path(__file__).parent
PROMPT_TOKENS = 40
GREEDY_TOKENS = 32
# Greedy tokens are only comparable if the second-best logit is clearly lower.
MIN_GAP = 1e-3
Q = gguf.GGMLQuantizationType

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + "
    "'<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")

MODELS = {
    # Grouped heads, tied embeddings, common sizes.
    "tiny_tied": dict(
        config=dict(hidden_size=64, intermediate_size=96, num_hidden_layers=2,
                    num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=True,
                    rope_theta=10000.0, rms_norm_eps=1e-5),
        types=dict(embd=Q.Q8_0, attn=Q.F16, ffn=Q.Q8_0), bias=False),
    # heads * head_dim differs from the width; odd sizes, biases, a separate output matrix.
    "tiny_odd": dict(
        config=dict(hidden_size=42, intermediate_size=56, num_hidden_layers=3,
                    num_attention_heads=3, num_key_value_heads=1, head_dim=12,
                    tie_word_embeddings=False, rope_theta=500000.0, rms_norm_eps=1e-6,
                    attention_bias=True),
        types=dict(embd=Q.F16, attn=Q.F32, ffn=Q.F16), bias=True),
}


def vocabulary():
    """Returns all bytes and a few merges; the special tokens are added later."""
    symbols = bytes_to_unicode()
    tokens = [symbols[b] for b in range(256)]
    merges = ["t h", "th e", "i n", "a n", "Ġ the"]
    tokens += [m.replace(" ", "") for m in merges]
    return tokens, merges


def quantized(weight, kind):
    data = gguf.quants.quantize(weight.numpy().astype(np.float32), kind)
    floats = gguf.quants.dequantize(data, kind).astype(np.float32)
    return data, torch.from_numpy(floats.reshape(weight.shape))


def permuted(weight, heads):
    """Reorders query and key rows as llama.cpp: rows that are rotated together become neighbors."""
    pairs = weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
    return pairs.transpose(1, 2).reshape(weight.shape)


def gguf_name(name):
    plain = {"model.embed_tokens.weight": "token_embd.weight",
             "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}
    if name in plain:
        return plain[name]
    _, _, block, rest = name.split(".", 3)
    parts = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
             "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
             "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
             "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}
    module, kind = rest.rsplit(".", 1)
    return f"blk.{block}.{parts[module]}.{kind}"


def type_of(name, types):
    if name.endswith(".bias") or "norm" in name:
        return Q.F32
    if name.startswith(("token_embd", "output.")):
        return types["embd"]
    return types["attn"] if "attn" in name else types["ffn"]


def write_metadata(writer, config, tokens, merges):
    heads = config.num_attention_heads
    writer.add_name("tiny")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    if config.head_dim * heads != config.hidden_size:
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens + SPECIAL)
    writer.add_token_types([gguf.TokenType.NORMAL] * len(tokens) +
                           [gguf.TokenType.CONTROL] * len(SPECIAL))
    writer.add_token_merges(merges)
    writer.add_bos_token_id(len(tokens) + 1)
    writer.add_eos_token_id(len(tokens) + 2)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def build(name, spec, seed):
    torch.manual_seed(seed)
    tokens, merges = vocabulary()
    config = LlamaConfig(vocab_size=len(tokens) + len(SPECIAL), max_position_embeddings=128,
                         **spec["config"])
    model = LlamaForCausalLM(config).eval()
    writer = gguf.GGUFWriter(str(HERE / f"{name}.gguf"), "llama")
    write_metadata(writer, config, tokens, merges)
    state = model.state_dict()
    for key, weight in state.items():
        if key == "lm_head.weight" and config.tie_word_embeddings:
            continue
        target = gguf_name(key)
        noise = torch.randn_like(weight)
        wide = 1.0 + 0.2 * noise if "norm" in target else noise * 0.25
        _, rounded = quantized(wide, type_of(target, spec["types"]))
        weight.copy_(rounded)
        heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
        part = target.split(".")[-2]
        stored = permuted(rounded, heads[part]) if part in heads else rounded
        kind = type_of(target, spec["types"])
        data, back = quantized(stored, kind)
        assert torch.equal(back, stored), target
        writer.add_tensor(target, data, raw_dtype=kind)
    model.load_state_dict(state)
    with torch.no_grad():
        prompt = torch.randint(0, len(tokens), (1, PROMPT_TOKENS))
        logits = model(prompt).logits[0]
        ids, gap = prompt, np.inf
        for _ in range(GREEDY_TOKENS):
            best = model(ids).logits[0, -1].topk(2)
            gap = min(gap, float(best.values[0] - best.values[1]))
            ids = torch.cat([ids, best.indices[:1][None]], 1)
    if gap < MIN_GAP:
        return False
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    (HERE / f"{name}.f32").write_bytes(logits.numpy().astype("<f4").tobytes())
    (HERE / f"{name}.json").write_text(json.dumps({
        "seed": seed, "prompt": prompt[0].tolist(),
        "greedy": ids[0, PROMPT_TOKENS:].tolist()}) + "\n")
    size = (HERE / f"{name}.gguf").stat().st_size
    print(f"{name}: seed {seed}, smallest gap {gap:.4f}, {size} bytes")
    return True


for model_name, model_spec in MODELS.items():
    next(s for s in range(100) if build(model_name, model_spec, s))
