// What a decoder-only transformer is made of: sizes and choices, independent of file formats.
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

// Where a block normalizes.
enum class NormPlace {
  kBefore,          // x + f(norm(x))
  kAfter,           // norm(x + f(x)), OPT-350M
  kBeforeAndAfter,  // x + norm(f(norm(x))), Gemma 2 and 3
};

enum class PositionKind {
  kRotary,   // arXiv:2104.09864
  kAlibi,    // arXiv:2108.12409
  kLearned,  // A table of embeddings.
};

enum class RopeScaling {
  kNone,
  kLinear,    // Positions divided by the factor.
  kDynamic,   // NTK-aware, the base grows with the sequence beyond the trained length.
  kLlama3,    // Low frequencies divided by the factor, high ones kept.
  kYarn,      // arXiv:2309.00071
  kLongRope,  // arXiv:2402.13753
};

// Parameters of rotary positions; names and meaning as in transformers' rope_parameters.
struct RopeSpec {
  // The first dimensions of a head, which are rotated; even.
  int64_t dim = 0;
  double base = 10000.0;
  RopeScaling scaling = RopeScaling::kNone;
  double factor = 1.0;
  // Positions before the scaling.
  int64_t original_context = 0;
  // Cosine and sine are multiplied by it (YaRN, LongRoPE).
  double attention_factor = 1.0;
  double low_freq_factor = 1.0;
  double high_freq_factor = 4.0;
  double beta_fast = 32.0;
  double beta_slow = 1.0;
  bool truncate = true;
  // [dim / 2] each: divide the frequencies of sequences up to original_context, and beyond it.
  std::vector<float> short_factors;
  std::vector<float> long_factors;
};

// Norms of queries and keys before the rotation.
enum class QkNorm {
  kNone,
  kShared,   // One weight [head_dim] for all heads.
  kPerHead,  // A weight [heads, head_dim].
};

struct AttentionSpec {
  int64_t heads = 0;
  // Divides heads.
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  // Scores are multiplied by it.
  double scale = 0.0;
  // Also divided by the layer's number, from 1 (GPT-2's scale_attn_by_inverse_layer_idx).
  bool scale_by_inverse_layer = false;
  // scores = cap * tanh(scores / cap); 0 = off.
  double softcap = 0.0;
  QkNorm qk_norm = QkNorm::kNone;
  bool qkv_bias = false;
  bool output_bias = false;
  // A query sees this many positions, itself included, in the layers below; 0 = off.
  int64_t window = 0;
  // Per layer; empty = none of them.
  std::vector<bool> windowed_layers;
  // Falcon's ALiBi: rounded to bfloat16, then scaled like the scores.
  bool alibi_rounded_and_scaled = false;
};

struct FeedForwardSpec {
  int64_t width = 0;
  Activation activation = Activation::kSilu;
  // activation(gate(x)) * up(x), else activation(up(x)).
  bool gated = true;
  bool bias = false;
};

struct ModelSpec {
  // GGUF's name of the architecture where it has one ("llama", "gptneox").
  std::string architecture;
  int64_t layers = 0;
  int64_t hidden = 0;
  // Width of the token embedding; differs from `hidden` in OPT-350M, which projects.
  int64_t embedding = 0;
  int64_t vocab = 0;
  // Positions that the model was trained for.
  int64_t context_length = 0;

  AttentionSpec attention;
  FeedForwardSpec feed_forward;

  NormKind norm = NormKind::kRms;
  double norm_epsilon = 1e-5;
  // LayerNorm's.
  bool norm_bias = false;
  // False: the norms have no weight either (OPT's layer_norm_elementwise_affine).
  bool norm_weight = true;
  // Added to the stored weights of norms (Gemma's files store weight - 1).
  double norm_weight_offset = 0.0;
  NormPlace norm_place = NormPlace::kBefore;
  bool final_norm = true;
  // x + attention(norm(x)) + feed_forward(norm'(x)).
  bool parallel = false;
  // In parallel blocks: norm' is norm.
  bool shared_norm = false;

  // A norm right after the token embedding (BLOOM).
  bool embedding_norm = false;
  double embedding_scale = 1.0;

  PositionKind position = PositionKind::kRotary;
  // Row of position 0 in the table of learned positions (OPT: 2).
  int64_t learned_offset = 0;
  RopeSpec rope;
  // Of the windowed layers, where it is another (Gemma 3).
  std::optional<RopeSpec> window_rope;
  // Per layer: false = no positions at all there (SmolLM3); empty = rotary in all of them.
  std::vector<bool> rotary_layers;

  bool tied_embeddings = false;
  bool output_bias = false;
  double logit_softcap = 0.0;
  // Activations overflow float16: bfloat16 serves in its place (Gemma).
  bool overflows_float16 = false;

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
