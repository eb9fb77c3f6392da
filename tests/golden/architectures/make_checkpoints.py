"""Writes small random checkpoints of every architecture and the logits of transformers for them.

    python tests/golden/architectures/make_checkpoints.py --out DIR [--only NAME...]

ctest runs the script for the build folder. For each case, DIR/NAME contains the checkpoint
(config.json, safetensors, a byte-level tokenizer.json) and
  golden.json   a prompt, its 32 greedy tokens, the lengths of a batch, and the maximum error of
                transformers' logits in half precision, compared with fp32
  prefill.f32   the fp32 logits after each prompt token, [tokens, vocab], little endian
  decode.f32    the same, computed token by token with transformers' KV cache
  int8.f32, int4.f32   (llama_to_quantize) like prefill.f32, with the matrices of the layers rounded
                to 8 or 4 bits as in engine/runtime/executor/quantized_matrix.h
  int8_cpu.f32, int4_cpu.f32   the same, rounded as in engine/kernels/packed_matrix.h, with the
                inputs of these matrices in 8 bits too (engine/kernels/activations.h), for each
                token of the prompt alone
  batch.f32     the logits of prefixes of the prompt with unequal lengths, one after the other,
                which transformers computes as one padded batch
A checkpoint is made again only if this file or the version of transformers changes.
"""
import argparse
import hashlib
import json
import pathlib
import shutil

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM

VOCAB = 300
PROMPT_TOKENS = 40
GREEDY_TOKENS = 32
BATCH_LENGTHS = [40, 7, 23]
# Greedy tokens are comparable only if the second choice is far behind the first.
MIN_GAP = 5e-4
SEEDS = 200

LLAMA = dict(vocab_size=VOCAB, hidden_size=48, intermediate_size=72, num_hidden_layers=3,
             num_attention_heads=6,
             num_key_value_heads=2, max_position_embeddings=128)


def llama(**extra):
    return transformers.LlamaConfig(**{**LLAMA, **extra})


def scaled(kind, **extra):
    return dict(rope_parameters=dict(rope_type=kind, rope_theta=10000.0, **extra))


GPT2 = dict(vocab_size=VOCAB, n_embd=48, n_layer=3, n_head=4, n_positions=128, bos_token_id=0,
            eos_token_id=0)
NEOX = dict(vocab_size=VOCAB, hidden_size=48, intermediate_size=100, num_hidden_layers=3,
            num_attention_heads=4,
            max_position_embeddings=128)
GEMMA = dict(vocab_size=VOCAB, hidden_size=44, intermediate_size=72, num_hidden_layers=4,
             num_attention_heads=4,
             num_key_value_heads=2, head_dim=16, max_position_embeddings=128,
             query_pre_attn_scalar=20, sliding_window=9)
# All other keys have the defaults of the classes; OMITTED removes them from the files.
DEFAULTS = dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=72, sliding_window=9)
FALCON = dict(vocab_size=VOCAB, hidden_size=48, num_hidden_layers=3, num_attention_heads=6,
              max_position_embeddings=128)
STABLELM = dict(vocab_size=VOCAB, hidden_size=64, intermediate_size=72, num_hidden_layers=3,
                num_attention_heads=4,
                num_key_value_heads=2, max_position_embeddings=128, partial_rotary_factor=0.25)
PHI = dict(vocab_size=VOCAB, hidden_size=64, intermediate_size=100, num_hidden_layers=3,
           num_attention_heads=4,
           num_key_value_heads=2, max_position_embeddings=128, partial_rotary_factor=0.5)
OPT = dict(vocab_size=VOCAB, hidden_size=48, ffn_dim=72, num_hidden_layers=3, num_attention_heads=4,
           max_position_embeddings=128)
PHI3 = dict(vocab_size=VOCAB, hidden_size=48, intermediate_size=72, num_hidden_layers=3,
            num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=128, pad_token_id=0, eos_token_id=0)
NO_SPECIAL = dict(bos_token_id=0, eos_token_id=0, pad_token_id=0)

CASES = {
    "bloom": transformers.BloomConfig(vocab_size=VOCAB, hidden_size=48, n_layer=3, n_head=4,
                                      seq_length=128),
    # ALiBi has other slopes if the number of heads is not a power of two.
    "bloom_odd_heads": transformers.BloomConfig(vocab_size=VOCAB, hidden_size=42, n_layer=2,
                                                n_head=6,
                                                seq_length=128),
    "gpt2": transformers.GPT2Config(**GPT2),
    "gpt2_inverse_layers": transformers.GPT2Config(**GPT2, n_inner=90,
                                                   scale_attn_by_inverse_layer_idx=True),
    "opt": transformers.OPTConfig(**OPT),
    # Like OPT-350M: norms after the blocks, and a smaller embedding.
    "opt_norm_after": transformers.OPTConfig(**OPT, do_layer_norm_before=False,
                                             word_embed_proj_dim=20),
    "opt_no_affine": transformers.OPTConfig(**OPT, layer_norm_elementwise_affine=False,
                                            enable_bias=False),
    "gpt_neox": transformers.GPTNeoXConfig(**NEOX, rotary_pct=0.5),
    "gpt_neox_sequential": transformers.GPTNeoXConfig(**NEOX, rotary_pct=1.0,
                                                      use_parallel_residual=False,
                                                      attention_bias=False, hidden_act="gelu_fast"),
    "gpt_neo": transformers.GPTNeoConfig(vocab_size=VOCAB, hidden_size=48, num_layers=4,
                                         num_heads=4, window_size=9,
                                         attention_types=[[["global", "local"], 2]],
                                         max_position_embeddings=128),
    "llama": llama(),
    "llama_to_quantize": llama(hidden_size=64, intermediate_size=96, num_attention_heads=4),
    "llama_tied_biased": llama(tie_word_embeddings=True, attention_bias=True, mlp_bias=True,
                               head_dim=12),
    "llama_linear": llama(**scaled("linear", factor=4.0)),
    # The prompt exceeds the trained context length of these.
    "llama_dynamic": llama(**scaled("dynamic", factor=4.0), max_position_embeddings=24),
    "llama3": llama(**scaled("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                             original_max_position_embeddings=16)),
    "llama_empty_scaling": llama(rope_parameters=dict(rope_type="default", rope_theta=5e5)),
    "llama_own_output": llama(),
    "llama_yarn": llama(**scaled("yarn", factor=4.0, original_max_position_embeddings=32)),
    "mistral": transformers.MistralConfig(**{**LLAMA, "sliding_window": 11}),
    "qwen2": transformers.Qwen2Config(**LLAMA),
    "qwen2_window": transformers.Qwen2Config(**LLAMA, use_sliding_window=True, sliding_window=13,
                                             max_window_layers=1,
                                             tie_word_embeddings=True),
    "qwen3": transformers.Qwen3Config(**LLAMA, head_dim=16, tie_word_embeddings=True),
    "gemma2": transformers.Gemma2Config(**GEMMA, attn_logit_softcapping=3.0,
                                        final_logit_softcapping=6.0),
    "gemma2_plain_scale": transformers.Gemma2Config(**{**GEMMA, "query_pre_attn_scalar": 16}),
    # Only the sixth layer has full attention, the only pattern of llama.cpp files.
    "gemma3": transformers.Gemma3TextConfig(**{**GEMMA, "num_hidden_layers": 7,
                                               "query_pre_attn_scalar": 16}),
    "gemma2_defaults": transformers.Gemma2Config(**DEFAULTS, num_hidden_layers=4),
    "gemma3_defaults": transformers.Gemma3TextConfig(**DEFAULTS, num_hidden_layers=7),
    "phi": transformers.PhiConfig(**PHI),
    "phi_qk_norm": transformers.PhiConfig(**PHI, qk_layernorm=True),
    "phi3": transformers.Phi3Config(**PHI3, sliding_window=14),
    "phi3_defaults": transformers.Phi3Config(**PHI3),
    "phi3_longrope": transformers.Phi3Config(
        **PHI3, original_max_position_embeddings=20,
        rope_parameters=dict(rope_type="longrope", rope_theta=10000.0,
                             short_factor=[1.0 + 0.1 * i for i in range(6)],
                             long_factor=[2.0 + 0.5 * i for i in range(6)])),
    "stablelm": transformers.StableLmConfig(**STABLELM, use_qkv_bias=True),
    "stablelm_parallel": transformers.StableLmConfig(**STABLELM, use_parallel_residual=True,
                                                     qk_layernorm=True),
    "smollm3": transformers.SmolLM3Config(**{**LLAMA, "num_hidden_layers": 4}, **NO_SPECIAL),
    "falcon": transformers.FalconConfig(**FALCON, **NO_SPECIAL),
    "falcon_grouped": transformers.FalconConfig(**FALCON, new_decoder_architecture=True,
                                                num_kv_heads=2, **NO_SPECIAL),
    "falcon_alibi": transformers.FalconConfig(**FALCON, alibi=True, multi_query=False,
                                              parallel_attn=False, bias=True,
                                              **NO_SPECIAL),
}
# transformers 5.23 adds ALiBi twice in Falcon's eager attention, but once in sdpa.
ATTENTION = {"falcon_alibi": "sdpa"}
# Keys to remove from the saved config.json before transformers loads it again.
GEMMA_KEYS = ["num_attention_heads", "num_key_value_heads", "head_dim", "max_position_embeddings",
              "query_pre_attn_scalar",
              "hidden_activation", "rms_norm_eps", "attn_logit_softcapping",
              "final_logit_softcapping", "layer_types",
              "tie_word_embeddings", "rope_parameters"]
OMITTED = {"gemma2_defaults": GEMMA_KEYS, "gemma3_defaults": GEMMA_KEYS,
           "phi3_defaults": ["rms_norm_eps", "sliding_window", "attention_dropout"]}
# Keys to add to the saved config.json, which mean nothing to transformers: an empty rope_scaling
# beside rope_parameters, and tied embeddings although the output differs.
ADDED = {"llama_empty_scaling": dict(rope_scaling={}),
         "llama_own_output": dict(tie_word_embeddings=True)}
# Cases that are saved in several files.
SHARDED = {"llama_tied_biased", "bloom"}


def randomize(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            is_norm = parameter.dim() == 1 and name.endswith("weight")
            # The norms of Gemma multiply by 1 + weight.
            start = 0.0 if not is_norm or "gemma" in model.config.model_type else 1.0
            parameter.copy_(start + noise * (0.25 if parameter.dim() > 1 else 0.1))


def step_by_step(model, prompt):
    cache, rows = None, []
    for token in prompt:
        out = model(torch.tensor([[token]]), past_key_values=cache, use_cache=True)
        cache = out.past_key_values
        rows.append(out.logits[0, -1])
    return torch.stack(rows)


def greedy_tokens(model, prompt):
    """Returns the greedy tokens, and the smallest lead of a first choice over the second."""
    out = model(torch.tensor([prompt]), use_cache=True)
    tokens, lead = [], float("inf")
    for _ in range(GREEDY_TOKENS):
        top = out.logits[0, -1].topk(2).values
        lead = min(lead, float(top[0] - top[1]))
        tokens.append(int(out.logits[0, -1].argmax()))
        out = model(torch.tensor([[tokens[-1]]]), past_key_values=out.past_key_values,
                    use_cache=True)
    return tokens, lead


def batch_logits(model, prompt):
    longest = max(BATCH_LENGTHS)
    ids = torch.tensor([(prompt[:n] + [0] * longest)[:longest] for n in BATCH_LENGTHS])
    mask = torch.tensor([[1] * n + [0] * (longest - n) for n in BATCH_LENGTHS])
    logits = model(ids, attention_mask=mask).logits
    return torch.cat([logits[i, :n] for i, n in enumerate(BATCH_LENGTHS)])


def rounded(weight, bits):
    """Rounds to 8 bits with a scale per row, or to 4 bits with scale and minimum per 32 elements."""
    if bits == 8:
        scale = weight.abs().amax(1, keepdim=True) / 127
        return torch.round(weight / scale) * scale
    groups = weight.reshape(weight.shape[0], -1, 32)
    minimum = groups.amin(2, keepdim=True)
    scale = (groups.amax(2, keepdim=True) - minimum) / 15
    return (torch.round((groups - minimum) / scale) * scale + minimum).reshape(weight.shape)


def rounded_by_kernels(weight, bits):
    """Rounds with scales and minima in half precision per 32 elements of a row."""
    groups = weight.reshape(weight.shape[0], -1, 32)
    half = lambda x: x.half().float()
    if bits == 8:
        scale = half(groups.abs().amax(2, keepdim=True) / 127)
        return (torch.round(groups * (1 / scale)).clamp(-128, 127) * scale).reshape(weight.shape)
    minimum = half(groups.amin(2, keepdim=True))
    scale = half((groups.amax(2, keepdim=True) - groups.amin(2, keepdim=True)) / 15)
    codes = torch.round((groups - minimum) * (1 / scale)).clamp(0, 15)
    return (codes * scale + minimum).reshape(weight.shape)


def round_input(module, inputs):
    groups = inputs[0].reshape(*inputs[0].shape[:-1], -1, 32)
    scale = groups.abs().amax(-1, keepdim=True) / 127
    return ((torch.round(groups * (1 / scale)) * scale).reshape(inputs[0].shape),)


def quantized_logits(name, config, state, prompt, bits, by_kernels):
    rounding = rounded_by_kernels if by_kernels else rounded
    state = {k: rounding(w, bits) if ".layers." in k and w.dim() == 2 else w for k,
             w in state.items()}
    model = fresh(name, config, state)
    for key, module in model.named_modules():
        if by_kernels and ".layers." in key and isinstance(module, torch.nn.Linear):
            module.register_forward_pre_hook(round_input)
    if by_kernels:
        return model(torch.tensor(prompt)[:, None]).logits[:, 0]
    return model(torch.tensor([prompt])).logits[0]


def byte_level_tokenizer():
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {c: i for i, c in enumerate(alphabet + ["th", "the"])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[("t", "h"), ("th", "e")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_tokens([f"<extra{i}>" for i in range(VOCAB - len(vocabulary))])
    return tokenizer


def write_floats(path, tensor):
    path.write_bytes(tensor.contiguous().numpy().astype("<f4").tobytes())


def fresh(name, config, state=None, dtype=torch.float32):
    """Returns a new model, because some keep the length of the longest sequence they have seen."""
    model = AutoModelForCausalLM.from_config(
        config, attn_implementation=ATTENTION.get(name, "eager"), dtype=torch.float32)
    if state is not None:
        model.load_state_dict(state)
    return model.to(dtype).eval()


@torch.no_grad()
def make(name, config, folder):
    for seed in range(SEEDS):
        model = fresh(name, config)
        randomize(model, seed)
        prompt = torch.randint(1, 256, (PROMPT_TOKENS,),
                               generator=torch.Generator().manual_seed(seed)).tolist()
        greedy, lead = greedy_tokens(model, prompt)
        if lead >= MIN_GAP and len(set(greedy)) > 2:
            break
    else:
        raise SystemExit(f"{name}: no seed below {SEEDS} gives comparable greedy tokens")
    state = model.state_dict()
    model.save_pretrained(folder, max_shard_size="60KB" if name in SHARDED else "1GB")
    if name in OMITTED:
        path = folder / "config.json"
        saved = json.loads(path.read_text())
        path.write_text(json.dumps({k: v for k, v in saved.items() if k not in OMITTED[name]}))
        config = transformers.AutoConfig.from_pretrained(folder)
    if name in ADDED:
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **ADDED[name]}))
    byte_level_tokenizer().save(str(folder / "tokenizer.json"))
    prefill = fresh(name, config, state)(torch.tensor([prompt])).logits[0]
    if name in ADDED:
        read = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager",
                                                    dtype=torch.float32).eval()
        assert torch.equal(read(torch.tensor([prompt])).logits[0], prefill), name
    half = {str(dtype).removeprefix("torch."):
            float((fresh(name, config, state,
                         dtype)(torch.tensor([prompt])).logits[0].float() - prefill).abs().max())
            for dtype in (torch.bfloat16, torch.float16)}
    write_floats(folder / "prefill.f32", prefill)
    write_floats(folder / "decode.f32", step_by_step(fresh(name, config, state), prompt))
    write_floats(folder / "batch.f32", batch_logits(fresh(name, config, state), prompt))
    if name == "llama_to_quantize":
        for bits in (8, 4):
            for by_kernels in (False, True):
                write_floats(folder / f"int{bits}{'_cpu' if by_kernels else ''}.f32",
                             quantized_logits(name, config, state, prompt, bits, by_kernels))
    golden = dict(prompt=prompt, greedy=greedy, batch_lengths=BATCH_LENGTHS, seed=seed,
                  half_precision_error=half)
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")
    print(f"{name}: seed {seed}, lead {lead:.4f}, half precision {half}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--only", nargs="*")
    args = parser.parse_args()
    transformers.logging.set_verbosity_error()
    made_by = pathlib.Path(__file__).read_bytes() + transformers.__version__.encode()
    version = hashlib.sha256(made_by).hexdigest()
    for name, config in CASES.items():
        folder, stamp = args.out / name, args.out / name / "stamp"
        if args.only and name not in args.only or stamp.exists() and stamp.read_text() == version:
            continue
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(name, config, folder)
        stamp.write_text(version)


main()
