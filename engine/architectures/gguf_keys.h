// Keys that GgufConfig() adds to those of config.json, for properties of GGUF files that
// config.json has no key for or has under several names. No config.json has keys of this form.
#ifndef ASSAY_ENGINE_ARCHITECTURES_GGUF_KEYS_H_
#define ASSAY_ENGINE_ARCHITECTURES_GGUF_KEYS_H_

namespace assay::engine {

inline constexpr char kGgufWidth[] = "gguf.feed_forward_length";
inline constexpr char kGgufNormEpsilon[] = "gguf.norm_epsilon";
inline constexpr char kGgufValueDim[] = "gguf.value_length";
inline constexpr char kGgufOutputBias[] = "gguf.attention_output_bias";
// GGUF stores the weights of norms with Gemma's offset added.
inline constexpr char kGgufNormOffset[] = "gguf.norm_weight_offset";
// The number of rotated dimensions of a head.
inline constexpr char kGgufRotaryDim[] = "gguf.rope_dimension_count";
// The RoPE base of layers with a sliding window.
inline constexpr char kGgufWindowBase[] = "gguf.rope_freq_base_swa";
// A factor of cosine and sine, whatever the scaling, in rope_parameters.
inline constexpr char kGgufAttentionFactor[] = "gguf.attn_factor";

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_GGUF_KEYS_H_
