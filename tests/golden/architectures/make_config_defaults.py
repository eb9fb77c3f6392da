"""Writes what configurations mean to transformers: missing keys, null keys, and rotary positions.

    python tests/golden/architectures/make_config_defaults.py     (needs transformers)

Writes tests/golden/architectures/config_defaults.json: a list of
{"name", "config", "means", "cases": [{"without", "with", "means"}]}. "means" of a case has only the
members that differ from those of the whole configuration. A case that transformers refuses is left
out. The configurations gemma3_4b to 27b are those of Google's repositories, which omit the defaults
of Gemma3TextConfig.
"""
import json
import logging
import pathlib
import tempfile

import transformers
from transformers import AutoConfig

OUT = pathlib.Path(__file__).parent / "config_defaults.json"
LINEAR = {"factor": 8.0, "rope_type": "linear"}
PARTIAL = {"phi", "phi3", "gpt_neox", "stablelm"}
UNGATED = {"phi", "gpt2", "opt", "gpt_neox", "gpt_neo", "bloom", "falcon"}
PARALLEL = {"phi": True, "falcon": lambda c: c.parallel_attn or c.new_decoder_architecture}
LEARNED = {"gpt2", "opt", "gpt_neo"}

COMMON = dict(vocab_size=300, hidden_size=64, intermediate_size=72, num_hidden_layers=3,
              num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128)
LLAMA = dict(COMMON, rms_norm_eps=3e-4, hidden_act="gelu", attention_bias=True, mlp_bias=True,
             tie_word_embeddings=True, head_dim=16, rope_theta=5e5)
WINDOWS = dict(use_sliding_window=True, sliding_window=7, max_window_layers=1)
GEMMA = dict(COMMON, rms_norm_eps=3e-4, hidden_activation="silu", hidden_act="gelu",
             attention_bias=True, tie_word_embeddings=False, head_dim=16, rope_theta=5e5,
             query_pre_attn_scalar=20, sliding_window=7, attn_logit_softcapping=3.0,
             final_logit_softcapping=6.0,
             layer_types=["full_attention", "sliding_attention", "full_attention"])
NEOX = dict(vocab_size=300, hidden_size=64, intermediate_size=72, num_hidden_layers=3,
            num_attention_heads=4, max_position_embeddings=128, layer_norm_eps=3e-4,
            hidden_act="relu", attention_bias=False, use_parallel_residual=False,
            tie_word_embeddings=True, rotary_pct=0.5, rotary_emb_base=5e5)
WHOLE = {
    "llama": LLAMA,
    "mistral": dict(LLAMA, sliding_window=7),
    "qwen2": dict(LLAMA, **WINDOWS),
    "qwen3": dict(LLAMA, **WINDOWS),
    "gemma2": GEMMA,
    "gemma3_text": dict(GEMMA, rope_local_base_freq=7e4, sliding_window_pattern=2),
    "phi": dict(COMMON, layer_norm_eps=3e-4, hidden_act="relu", tie_word_embeddings=True,
                qk_layernorm=True, rope_theta=5e5, partial_rotary_factor=0.25),
    "phi3": dict(COMMON, rms_norm_eps=3e-4, hidden_act="gelu", tie_word_embeddings=True,
                 attention_bias=True, mlp_bias=True, rope_theta=5e5, partial_rotary_factor=0.5,
                 original_max_position_embeddings=64, sliding_window=7, pad_token_id=0),
    "bloom": dict(vocab_size=300, hidden_size=48, n_layer=3, n_head=4, layer_norm_epsilon=3e-4,
                  tie_word_embeddings=False),
    "gpt2": dict(vocab_size=300, n_embd=48, n_layer=3, n_head=4, n_positions=128, n_ctx=64,
                 n_inner=90, layer_norm_epsilon=3e-4, activation_function="relu",
                 tie_word_embeddings=False, scale_attn_weights=False,
                 scale_attn_by_inverse_layer_idx=True),
    "opt": dict(vocab_size=300, hidden_size=48, ffn_dim=72, num_hidden_layers=3,
                num_attention_heads=4, max_position_embeddings=128, activation_function="gelu",
                tie_word_embeddings=False, word_embed_proj_dim=20, enable_bias=False,
                do_layer_norm_before=False, layer_norm_eps=3e-4),
    "gpt_neox": NEOX,
    "gpt_neo": dict(vocab_size=300, hidden_size=48, num_layers=3, num_heads=4,
                    max_position_embeddings=128, intermediate_size=90, window_size=9,
                    layer_norm_epsilon=3e-4, activation_function="relu", tie_word_embeddings=False,
                    attention_types=[[["local", "global", "local"], 1]]),
    "stablelm": dict(COMMON, layer_norm_eps=3e-4, hidden_act="gelu", tie_word_embeddings=True,
                     use_qkv_bias=True, qk_layernorm=True, use_parallel_residual=True,
                     rope_theta=5e5, partial_rotary_factor=0.5),
    "smollm3": dict(LLAMA, use_sliding_window=True, sliding_window=7, no_rope_layers=[1, 0, 1],
                    no_rope_layer_interval=2),
    "falcon": dict(vocab_size=300, hidden_size=64, ffn_hidden_size=72, num_hidden_layers=3,
                   num_attention_heads=4, num_kv_heads=2, max_position_embeddings=128,
                   layer_norm_epsilon=3e-4, activation="relu", tie_word_embeddings=False,
                   new_decoder_architecture=True, multi_query=False, parallel_attn=False, bias=True,
                   num_ln_in_parallel_attn=1, alibi=False, rope_theta=5e5),
}
DEFAULT = dict(rope_type="default", rope_theta=3e5)
YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=32)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0)
FACTORS = dict(short_factor=[1.5] * 4, long_factor=[2.5] * 4)
# What the rotary positions of any configuration may look like.
ROPES = [
    dict(rope_scaling={}, rope_parameters=DEFAULT), dict(rope_scaling=[], rope_parameters=DEFAULT),
    dict(rope_scaling=False, rope_parameters=DEFAULT),
    dict(rope_scaling=None, rope_parameters=None),
    dict(rope_scaling={}, rope_parameters={}), dict(rope_parameters=dict(rope_theta=3e5)),
    dict(rope_parameters=dict(factor=2.0)), dict(rope_parameters=dict(type="linear", factor=2.0)),
    dict(rope_scaling=dict(type="linear", factor=2.0)),
    dict(rope_scaling=dict(type="linear", factor=2)),
    dict(rope_scaling=dict(rope_type="linear", type="dynamic", factor=2.0)),
    dict(rope_scaling=dict(type="linear", factor=2.0), rope_parameters=DEFAULT),
    dict(rope_scaling=dict(type="linear", factor=2.0, rope_theta=2e5)),
    dict(rope_scaling=dict(type="dynamic", factor=2.0)), dict(rope_theta=300000),
    dict(rope_parameters=dict(DEFAULT, partial_rotary_factor=0.75)), dict(rotary_dim=4),
    dict(partial_rotary_factor=0.75), dict(rotary_pct=0.75), dict(rotary_emb_base=2e5),
    dict(rope_scaling=YARN), dict(rope_scaling=dict(YARN, beta_fast=8, beta_slow=2)),
    dict(rope_scaling=dict(YARN, beta_fast=0, beta_slow=None)),
    dict(rope_scaling=dict(YARN, attention_factor=1.5)),
    dict(rope_scaling=dict(YARN, mscale=0.7, mscale_all_dim=0.9)),
    dict(rope_scaling=dict(YARN, mscale=0.7, mscale_all_dim=0)),
    dict(rope_scaling=dict(YARN, truncate=False)), dict(rope_scaling=dict(YARN, truncate=None)),
    dict(rope_scaling=dict(YARN, factor=None)),
    dict(rope_scaling=dict(rope_type="yarn", factor=4.0)),
    dict(rope_scaling=YARN, original_max_position_embeddings=16),
    dict(rope_scaling=LLAMA3), dict(rope_scaling=dict(LLAMA3, original_max_position_embeddings=16)),
    dict(rope_scaling=dict(FACTORS, rope_type="longrope"), partial_rotary_factor=None),
]
LONG = [dict(rope_type=kind, short_factor=[1.5] * 4, long_factor=[2.5] * 4, **more)
        for kind in ("longrope", "su", "yarn")
        for more in ({}, dict(factor=3.0), dict(attention_factor=1.25),
                     dict(original_max_position_embeddings=16))]
EXTRA = {
    "phi3": [dict(rope_scaling=r) for r in LONG] + [
        dict(rope_scaling=LONG[0], original_max_position_embeddings=32)],
    "gemma3_text": [dict(rope_parameters=dict(full_attention=dict(rope_theta=3e5))),
                    dict(rope_parameters=dict(sliding_attention=dict(rope_theta=3e5))),
                    dict(rope_parameters=dict(full_attention=dict(LINEAR)),
                         rope_scaling=dict(factor=4.0)),
                    dict(rope_parameters=dict(full_attention=None, sliding_attention=None))],
    "gpt_neox": [dict(rope_theta=7e5)],
    "bloom": [dict(n_embed=32)], "falcon": [dict(n_embed=32), dict(new_decoder_architecture=False)],
    "gpt2": [dict(hidden_size=32), dict(num_hidden_layers=2)],
    "smollm3": [dict(layer_types=["sliding_attention"] * 3)],
    "mistral": [dict(layer_types=["full_attention"] * 3)],
}


def multimodal(top=None, **text):
    return dict(model_type="gemma3", architectures=["Gemma3ForConditionalGeneration"],
                text_config=dict(model_type="gemma3_text", rope_scaling=LINEAR,
                                 sliding_window=1024, **text),
                vision_config=dict(model_type="siglip_vision_model", hidden_size=1152,
                                   num_hidden_layers=27), **(top or {}))


PUBLISHED = {
    "gemma3_4b": multimodal(hidden_size=2560, intermediate_size=10240, num_hidden_layers=34),
    "gemma3_12b": multimodal(hidden_size=3840, intermediate_size=15360, num_hidden_layers=48,
                             num_attention_heads=16, num_key_value_heads=8),
    "gemma3_27b": multimodal(hidden_size=5376, intermediate_size=21504, num_hidden_layers=62,
                             num_attention_heads=32, num_key_value_heads=16, head_dim=128,
                             query_pre_attn_scalar=168),
    "gemma3_untied": multimodal(top=dict(tie_word_embeddings=False)),
    "gemma3_untied_text": multimodal(tie_word_embeddings=False),
    "qwen2_long": dict(model_type="qwen2", use_sliding_window=True, num_hidden_layers=30),
}


def read(config):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "config.json").write_text(json.dumps(config))
        loaded = AutoConfig.from_pretrained(folder)
    text = getattr(loaded, "text_config", loaded)
    return loaded, text


def rope_of(config, kind=None):
    """What modeling_rope_utils computes from the parameters."""
    parameters = config.rope_parameters[kind] if kind else config.rope_parameters
    rope_type = parameters["rope_type"]
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    partial = parameters.get("partial_rotary_factor") if config.model_type in PARTIAL else None
    out = dict(dim=int(head_dim * (1.0 if partial is None else partial)),
               base=float(parameters["rope_theta"]), scaling=rope_type)
    assert out["dim"] > 0 and out["dim"] % 2 == 0
    if rope_type == "default":
        return out
    # Computes the factor of cosine and sine, and fails where a key is missing.
    initialize = transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS[rope_type]
    _, out["attention_factor"] = initialize(config, None, layer_type=kind)
    original = parameters.get("original_max_position_embeddings") or config.max_position_embeddings
    out["factor"] = parameters.get("factor") or config.max_position_embeddings / original
    if rope_type in ("yarn", "longrope", "llama3"):
        out["original_context"] = original
    if rope_type == "yarn":
        out.update(beta_fast=parameters.get("beta_fast") or 32,
                   beta_slow=parameters.get("beta_slow") or 1,
                   truncate=bool(parameters.get("truncate", True)))
    if rope_type == "longrope":
        out.update(short_factors=parameters["short_factor"], long_factors=parameters["long_factor"])
    return out


def windows(config):
    kind = config.model_type
    if kind == "gpt_neo":
        local = [t == "local" for t in config.attention_layers]
        return config.window_size, local
    window = getattr(config, "sliding_window", None)
    if kind in ("mistral", "phi3"):
        layers = [window is not None] * config.num_hidden_layers
    else:
        layers = [t == "sliding_attention" for t in getattr(config, "layer_types", None) or []]
    if kind == "smollm3" and not config.use_sliding_window:
        window = None
    return (window, layers) if window and any(layers) else (0, [])


def scale_of(config, head_dim):
    if config.model_type == "gpt_neo":
        return 1.0
    if config.model_type == "gpt2" and not config.scale_attn_weights:
        return 1.0
    return getattr(config, "query_pre_attn_scalar", head_dim) ** -0.5


def means(loaded, config):
    get = lambda *names: next((getattr(config, n) for n in names if hasattr(config, n)), None)
    kind = config.model_type
    heads, hidden = config.num_attention_heads, config.hidden_size
    head_dim = get("head_dim") or hidden // heads
    if kind in ("stablelm", "gpt2", "opt", "gpt_neox", "gpt_neo", "bloom"):
        head_dim = hidden // heads
    kv_heads = get("num_key_value_heads") or heads
    if kind == "falcon":
        grouped = config.new_decoder_architecture
        kv_heads = config.num_kv_heads if grouped else 1 if config.multi_query else heads
    window, windowed = windows(config)
    bias = {"qwen2": True, "phi": True, "gpt2": True, "bloom": True, "falcon": get("bias"),
            "gpt_neo": False, "opt": get("enable_bias"), "stablelm": get("use_qkv_bias"),
            "mistral": False, "ministral": False, "phi3": False}.get(kind, get("attention_bias"))
    output_bias = {"qwen2": False, "stablelm": False, "gpt_neo": True}.get(kind, bias)
    mlp_bias = {"llama": get("mlp_bias"), "smollm3": get("mlp_bias"), "phi": True, "gpt2": True,
                "gpt_neox": True, "gpt_neo": True, "bloom": True, "falcon": get("bias"),
                "opt": get("enable_bias")}.get(kind, False)
    out = dict(
        layers=config.num_hidden_layers, hidden=hidden,
        embedding=get("word_embed_proj_dim") or hidden, vocab=config.vocab_size,
        width=(get("ffn_dim", "ffn_hidden_size", "n_inner", "intermediate_size") or 4 * hidden),
        heads=heads, kv_heads=kv_heads, head_dim=head_dim, scale=scale_of(config, head_dim),
        softcap=get("attn_logit_softcapping") or 0.0,
        logit_softcap=get("final_logit_softcapping") or 0.0,
        window=window, windowed_layers=windowed, tied=bool(loaded.tie_word_embeddings),
        norm_epsilon=1e-5 if kind == "opt" else get("rms_norm_eps", "layer_norm_eps",
                                                    "layer_norm_epsilon"),
        activation="gelu_new" if kind == "bloom" else get("hidden_activation", "hidden_act",
                                                          "activation_function", "activation"),
        gated=kind not in UNGATED, qkv_bias=bool(bias), output_bias=bool(output_bias),
        mlp_bias=bool(mlp_bias), qk_norm=bool(get("qk_layernorm")) or kind in ("qwen3",
                                                                               "gemma3_text"),
        parallel=bool(get("use_parallel_residual")))
    if kind in PARALLEL:
        out["parallel"] = PARALLEL[kind] if kind == "phi" else bool(PARALLEL[kind](config))
    # transformers accepts these configurations, but the models fail.
    assert heads % kv_heads == 0 and head_dim > 0
    if kind != "bloom":
        out["context"] = config.max_position_embeddings
    if kind in LEARNED or kind == "bloom" or get("alibi"):
        return out
    if kind == "gemma3_text":
        out["rope"] = rope_of(config, "full_attention")
        out["window_rope"] = rope_of(config, "sliding_attention")
        return out
    out["rope"] = rope_of(config)
    # The engine serves the extended context length of these.
    if out["rope"]["scaling"] in ("linear", "dynamic", "yarn"):
        del out["context"]
    if kind == "smollm3":
        out["rotary_layers"] = [bool(r) for r in config.no_rope_layers]
    return out


def changes(model_type, whole):
    keys = list(whole)
    out = [dict(without=keys)] + [dict(without=[key]) for key in keys]
    out += [{"with": {key: None}} for key in keys]
    if model_type not in LEARNED and model_type != "bloom":
        theta = [key for key in ("rope_theta", "rotary_emb_base") if key in whole]
        out += [{"with": rope} for rope in ROPES]
        out += [{"without": theta, "with": rope} for rope in ROPES]
    return out + [{"with": more} for more in EXTRA.get(model_type, [])]


def apply(config, change):
    kept = {k: v for k, v in config.items() if k not in change.get("without", [])}
    return dict(kept, **change.get("with", {}))


def main():
    logging.disable(logging.WARNING)
    rows, refused = [], 0
    for name, config in PUBLISHED.items():
        rows.append(dict(name=name, config=config, means=means(*read(config)), cases=[]))
    for model_type, whole in WHOLE.items():
        config = dict(whole, model_type=model_type)
        expected = means(*read(config))
        cases = []
        for change in changes(model_type, whole):
            try:
                changed = means(*read(apply(config, change)))
            except Exception:  # transformers refuses the configuration in one of many ways.
                refused += 1
                continue
            differs = {k: v for k, v in changed.items() if expected.get(k) != v}
            gone = {k: None for k in expected if k not in changed}
            cases.append(dict(change, means={**differs, **gone}))
        rows.append(dict(name=model_type, config=config, means=expected, cases=cases))
    lines = []
    for row in rows:
        cases = ",\n".join(json.dumps(case) for case in row.pop("cases"))
        lines.append(json.dumps(row)[:-1] + ', "cases": [\n' + cases + "]}")
    OUT.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(sum(line.count('"means"') for line in lines), "configurations,", refused, "refused")


main()
