// The structure of a transformer, decoder or encoder, independent of file formats.
#ifndef ASSAY_ENGINE_ARCHITECTURES_MODEL_SPEC_H_
#define ASSAY_ENGINE_ARCHITECTURES_MODEL_SPEC_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace assay::engine {

enum class NormKind {
  kRms,    // arXiv:1910.07467
  kLayer,  // arXiv:1607.06450
};

enum class Activation { kSilu, kGelu, kGeluTanh, kRelu };

// Where a block applies its norms.
enum class NormPlace {
  kBefore,          // x + f(norm(x))
  kAfter,           // norm(x + f(x)), OPT-350M
  kBeforeAndAfter,  // x + norm(f(norm(x))), Gemma 2 and 3
};

enum class PositionKind {
  kRotary,   // arXiv:2104.09864
  kAlibi,    // arXiv:2108.12409
  kLearned,  // A table of position embeddings.
};

enum class RopeScaling {
  kNone,
  kLinear,    // Divides positions by the factor.
  kDynamic,   // NTK-aware: the base grows with sequences beyond the trained length.
  kLlama3,    // Divides low frequencies by the factor and keeps high ones.
  kYarn,      // arXiv:2309.00071
  kLongRope,  // arXiv:2402.13753
};

// The parameters of rotary positions, named as in transformers' rope_parameters.
struct RopeSpec {
  // The number of rotated dimensions, the first of a head. Even.
  int64_t dim = 0;
  double base = 10000.0;
  RopeScaling scaling = RopeScaling::kNone;
  double factor = 1.0;
  // The context length before the scaling.
  int64_t original_context = 0;
  // The factor of cosine and sine (YaRN, LongRoPE).
  double attention_factor = 1.0;
  double low_freq_factor = 1.0;
  double high_freq_factor = 4.0;
  double beta_fast = 32.0;
  double beta_slow = 1.0;
  bool truncate = true;
  // The divisors of the frequencies for sequences up to original_context: [dim / 2].
  std::vector<float> short_factors;
  // The divisors for longer sequences: [dim / 2].
  std::vector<float> long_factors;

  // True if the angles of a position depend on the length of its sequence.
  bool depends_on_length() const {
    return scaling == RopeScaling::kDynamic || scaling == RopeScaling::kLongRope;
  }
};

// The norms of Q and K before the rotation.
enum class QkNorm {
  kNone,
  kShared,   // One weight [head_dim] for all heads.
  kPerHead,  // One weight per head, [heads, head_dim].
};

// The attention of a block.
struct AttentionSpec {
  int64_t heads = 0;
  // A divisor of `heads`.
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  // The factor of the attention scores.
  double scale = 0.0;
  // True if the factor is also divided by the number of the layer, from 1 (GPT-2's
  // scale_attn_by_inverse_layer_idx).
  bool scale_by_inverse_layer = false;
  // scores = cap * tanh(scores / cap). 0 is off.
  double softcap = 0.0;
  QkNorm qk_norm = QkNorm::kNone;
  bool qkv_bias = false;
  bool output_bias = false;
  // The number of positions that a token attends to, including itself, in layers with a sliding
  // window. 0 is off.
  int64_t window = 0;
  // Which layers have the window. Empty: none.
  std::vector<bool> windowed_layers;
  // True for Falcon's ALiBi, which is rounded to bfloat16 and then scaled like the scores.
  bool alibi_rounded_and_scaled = false;
};

// The feed-forward network of a block.
struct FeedForwardSpec {
  int64_t width = 0;
  Activation activation = Activation::kSilu;
  // True: activation(gate(x)) * up(x). False: activation(up(x)).
  bool gated = true;
  bool bias = false;
};

// The structure of a model.
struct ModelSpec {
  // GGUF's name of the architecture if it has one ("llama", "gptneox").
  std::string architecture;
  // True for an encoder (BERT): every token attends to all tokens of its sequence, and the output
  // is the hidden states instead of logits.
  bool encoder = false;
  // The number of token types (BERT's segments). All tokens have type 0. 0 if there are none.
  int64_t token_types = 0;
  int64_t layers = 0;
  int64_t hidden = 0;
  // The size of the token embedding. Differs from `hidden` only in OPT-350M, which projects it.
  int64_t embedding = 0;
  int64_t vocab = 0;
  // The context length that the model was trained for.
  int64_t context_length = 0;

  AttentionSpec attention;
  FeedForwardSpec feed_forward;

  NormKind norm = NormKind::kRms;
  double norm_epsilon = 1e-5;
  // True if LayerNorm has a bias.
  bool norm_bias = false;
  // False if the norms have no weight either (OPT's layer_norm_elementwise_affine).
  bool norm_weight = true;
  // An offset to the stored weights of norms (Gemma's files store weight - 1).
  double norm_weight_offset = 0.0;
  NormPlace norm_place = NormPlace::kBefore;
  bool final_norm = true;
  // True: x + attention(norm(x)) + feed_forward(norm'(x)).
  bool parallel = false;
  // For parallel blocks: norm' is the same as norm.
  bool shared_norm = false;

  // True if a norm follows the token embedding (BLOOM).
  bool embedding_norm = false;
  double embedding_scale = 1.0;

  PositionKind position = PositionKind::kRotary;
  // The row of position 0 in the table of learned positions (OPT: 2).
  int64_t learned_offset = 0;
  RopeSpec rope;
  // The rotary positions of layers with a sliding window, if they differ (Gemma 3).
  std::optional<RopeSpec> window_rope;
  // Which layers have rotary positions; the others have none (SmolLM3). Empty: all.
  std::vector<bool> rotary_layers;

  bool tied_embeddings = false;
  bool output_bias = false;
  double logit_softcap = 0.0;
  // True if activations overflow float16, so that bfloat16 is used instead (Gemma).
  bool overflows_float16 = false;

  // The width of a row of the output.
  int64_t output_width() const { return encoder ? hidden : vocab; }
  // The number of layers whose KV is kept. An encoder computes a sequence at once, so that its
  // layers use the same memory one after another.
  int64_t cache_layers() const { return encoder ? 1 : layers; }
  int64_t CacheLayer(int64_t layer) const { return encoder ? 0 : layer; }
  int64_t query_rows() const { return attention.heads * attention.head_dim; }
  int64_t kv_rows() const { return attention.kv_heads * attention.head_dim; }
  bool IsWindowed(int64_t layer) const {
    return !attention.windowed_layers.empty() &&
           attention.windowed_layers[static_cast<size_t>(layer)];
  }
  bool IsRotary(int64_t layer) const {
    return position == PositionKind::kRotary &&
           (rotary_layers.empty() || rotary_layers[static_cast<size_t>(layer)]);
  }
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_MODEL_SPEC_H_
