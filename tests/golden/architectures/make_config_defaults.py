"""Writes the values that transformers uses for missing and null keys of configurations.

    python tests/golden/architectures/make_config_defaults.py     (needs transformers)

Writes tests/golden/architectures/config_defaults.json: [{"name", "config", "means"}]. The
configurations of Gemma 3 are those of Google's repositories, which omit the defaults of
Gemma3TextConfig.
"""
import json
import pathlib
import tempfile

from transformers import AutoConfig

OUT = pathlib.Path(__file__).parent / "config_defaults.json"
LINEAR = {"factor": 8.0, "rope_type": "linear"}
SMALL = dict(hidden_size=48, intermediate_size=72, num_hidden_layers=3, num_attention_heads=4,
             num_key_value_heads=2, vocab_size=300, max_position_embeddings=128)


def multimodal(**text):
    return dict(model_type="gemma3", architectures=["Gemma3ForConditionalGeneration"],
                text_config=dict(model_type="gemma3_text", rope_scaling=LINEAR,
                                 sliding_window=1024, **text),
                vision_config=dict(model_type="siglip_vision_model", hidden_size=1152,
                                   num_hidden_layers=27))


def without(*keys):
    return {k: v for k, v in SMALL.items() if k not in keys}


CONFIGS = {
    "gemma3_4b": multimodal(hidden_size=2560, intermediate_size=10240, num_hidden_layers=34),
    "gemma3_12b": multimodal(hidden_size=3840, intermediate_size=15360, num_hidden_layers=48,
                             num_attention_heads=16,
                         num_key_value_heads=8),
    "gemma3_27b": multimodal(hidden_size=5376, intermediate_size=21504, num_hidden_layers=62,
                             num_attention_heads=32,
                         num_key_value_heads=16, head_dim=128, query_pre_attn_scalar=168),
    "gemma3_nothing": dict(model_type="gemma3_text"),
    "gemma2_no_head_dim": dict(model_type="gemma2", **SMALL),
    "gemma2_no_softcaps": dict(model_type="gemma2", attn_logit_softcapping=None,
                               final_logit_softcapping=None, **SMALL),
    "gemma2_nothing": dict(model_type="gemma2"),
    "mistral_no_window": dict(model_type="mistral", **SMALL),
    "mistral_null_window": dict(model_type="mistral", sliding_window=None, **SMALL),
    "phi3_no_window": dict(model_type="phi3", pad_token_id=0, **SMALL),
    "qwen2_window_by_default": dict(model_type="qwen2", use_sliding_window=True,
                                    **{**SMALL, "num_hidden_layers": 30}),
    "qwen2_null_window": dict(model_type="qwen2", use_sliding_window=True, sliding_window=None,
                              max_window_layers=1, **SMALL),
}


def windowed_layers(config):
    if config.model_type in ("mistral", "phi3"):
        return config.num_hidden_layers if config.sliding_window else 0
    return sum(t == "sliding_attention" for t in config.layer_types)


def means(config):
    layers = windowed_layers(config)
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return dict(layers=config.num_hidden_layers, hidden=config.hidden_size,
                width=config.intermediate_size,
                vocab=config.vocab_size, context=config.max_position_embeddings,
                heads=config.num_attention_heads,
                kv_heads=config.num_key_value_heads, head_dim=head_dim,
                scale=getattr(config, "query_pre_attn_scalar", head_dim) ** -0.5,
                softcap=getattr(config, "attn_logit_softcapping", None) or 0.0,
                logit_softcap=getattr(config, "final_logit_softcapping", None) or 0.0,
                window=config.sliding_window if layers else 0, windowed_layers=layers)


def main():
    rows = []
    for name, config in CONFIGS.items():
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "config.json").write_text(json.dumps(config))
            read = AutoConfig.from_pretrained(folder)
        rows.append(dict(name=name, config=config, means=means(getattr(read, "text_config", read))))
    OUT.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


main()
