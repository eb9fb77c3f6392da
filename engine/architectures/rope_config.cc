// Reads rotary positions from a configuration. Names and defaults are those of transformers'
// modeling_rope_utils.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/architectures/common.h"
#include "engine/architectures/gguf_keys.h"

namespace assay::engine {
namespace {

constexpr double kMaxFactor = 1e6;

std::optional<RopeScaling> ScalingOf(const std::string& name) {
  if (name == "default" || name == "none" || name.empty()) return RopeScaling::kNone;
  if (name == "linear") return RopeScaling::kLinear;
  if (name == "dynamic") return RopeScaling::kDynamic;
  if (name == "llama3") return RopeScaling::kLlama3;
  if (name == "yarn") return RopeScaling::kYarn;
  if (name == "longrope" || name == "su") return RopeScaling::kLongRope;
  return std::nullopt;
}

// Returns 0.1 ln(s) + 1 (arXiv:2309.00071, section 3.4).
double YarnScale(double factor, double multiple) {
  return factor <= 1.0 ? 1.0 : 0.1 * multiple * std::log(factor) + 1.0;
}

double YarnAttentionFactor(ConfigReader& parameters, double factor) {
  if (parameters.Has("attention_factor")) {
    return parameters.Float({"attention_factor"}, 0.0, kMaxFactor);
  }
  // Zero is allowed and means none. Negative values would make the quotient negative or infinite.
  constexpr double kBelowZero = -1e-9;
  const double all = parameters.FloatOr({"mscale_all_dim"}, kBelowZero, kMaxFactor, 0.0);
  const double own = parameters.FloatOr({"mscale"}, kBelowZero, kMaxFactor, 0.0);
  if (own != 0.0 && all != 0.0) return YarnScale(factor, own) / YarnScale(factor, all);
  return YarnScale(factor, 1.0);
}

// Zero means the default.
double Beta(ConfigReader& parameters, const char* key, double fallback) {
  return parameters.IsTruthy(key) ? parameters.Float({key}, 0.0, kMaxFactor) : fallback;
}

double LongRopeAttentionFactor(ConfigReader& parameters, double factor, int64_t original) {
  if (parameters.Has("attention_factor")) {
    return parameters.Float({"attention_factor"}, 0.0, kMaxFactor);
  }
  if (factor <= 1.0 || original < 2) return 1.0;
  return std::sqrt(1.0 + std::log(factor) / std::log(static_cast<double>(original)));
}

void ReadLongRope(ConfigReader& parameters, RopeSpec& rope) {
  const auto half = static_cast<size_t>(rope.dim / 2);
  rope.short_factors = parameters.FloatsOrEmpty("short_factor", half);
  rope.long_factors = parameters.FloatsOrEmpty("long_factor", half);
  for (const std::vector<float>* factors : {&rope.short_factors, &rope.long_factors}) {
    const bool positive =
        std::all_of(factors->begin(), factors->end(), [](float f) { return f > 0.0F; });
    if (factors->size() == half && positive) continue;
    parameters.Fail(absl::StrCat("short_factor and long_factor must be ", half,
                                 " positive numbers, half of the rotated dimensions"));
  }
}

// Reads the parameters of scaled positions.
void ReadScaling(ConfigReader& parameters, ConfigReader& read, const ModelSpec& spec,
                 const RopeDefaults& defaults, RopeSpec& rope) {
  const auto context = static_cast<double>(spec.context_length);
  // Phi-3 has a default outside the object, which wins over the value in it.
  const char* const key = "original_max_position_embeddings";
  const int64_t inner = parameters.IntOr({key}, ConfigReader::kMaxContext, spec.context_length);
  const int64_t outer = defaults.original_context > 0 ? defaults.original_context : inner;
  rope.original_context =
      defaults.per_kind ? inner : read.IntOr({key}, ConfigReader::kMaxContext, outer);
  // The default of the factor is the growth of the context.
  const bool derived = rope.scaling == RopeScaling::kYarn || rope.scaling == RopeScaling::kLongRope;
  rope.factor = derived ? parameters.FloatOr({"factor"}, 0.0, kMaxFactor,
                                             context / static_cast<double>(rope.original_context))
                        : parameters.Float({"factor"}, 0.0, kMaxFactor);
  switch (rope.scaling) {
    case RopeScaling::kLlama3:
      rope.low_freq_factor = parameters.Float({"low_freq_factor"}, 0.0, kMaxFactor);
      rope.high_freq_factor = parameters.Float({"high_freq_factor"}, 0.0, kMaxFactor);
      if (rope.high_freq_factor <= rope.low_freq_factor) {
        parameters.Fail("high_freq_factor must be above low_freq_factor");
      }
      return;
    case RopeScaling::kYarn:
      rope.beta_fast = Beta(parameters, "beta_fast", rope.beta_fast);
      rope.beta_slow = Beta(parameters, "beta_slow", rope.beta_slow);
      rope.truncate = parameters.BoolOr("truncate", true);
      rope.attention_factor = YarnAttentionFactor(parameters, rope.factor);
      return;
    case RopeScaling::kLongRope:
      rope.attention_factor =
          LongRopeAttentionFactor(parameters, rope.factor, rope.original_context);
      ReadLongRope(parameters, rope);
      return;
    case RopeScaling::kDynamic:
      // The base grows beyond the model's context length, not beyond the original one.
      rope.original_context = spec.context_length;
      return;
    case RopeScaling::kNone:
    case RopeScaling::kLinear:
      return;
  }
}

double RotatedFraction(ConfigReader& parameters, ConfigReader& read, const RopeDefaults& defaults) {
  constexpr double kMaxFraction = 1.0 + 1e-9;
  if (!defaults.fraction.has_value()) return 1.0;
  const double fallback = read.IsNull(defaults.fraction_key) ? 1.0 : *defaults.fraction;
  return parameters.FloatOr({"partial_rotary_factor"}, 0.0, kMaxFraction,
                            read.FloatOr({defaults.fraction_key}, 0.0, kMaxFraction, fallback));
}

}  // namespace

RopeSpec ReadRopeOf(ConfigReader& parameters, ConfigReader& read, const ModelSpec& spec,
                    const RopeDefaults& defaults) {
  RopeSpec rope;
  rope.base =
      parameters.FloatOr({"rope_theta"}, 1.0, kMaxRopeBase,
                         read.FloatOr({defaults.base_key}, 1.0, kMaxRopeBase, defaults.base));
  const int64_t head_dim = spec.attention.head_dim;
  rope.dim = read.IntOr({kGgufRotaryDim}, ConfigReader::kMaxWidth,
                        static_cast<int64_t>(static_cast<double>(head_dim) *
                                             RotatedFraction(parameters, read, defaults)));
  if (rope.dim < 2 || rope.dim % 2 != 0 || rope.dim > head_dim) {
    read.Fail(absl::StrCat("rotates ", rope.dim, " dimensions of a head of ", head_dim,
                           "; the number must be even and at most that of the head"));
    rope.dim = 2;
  }
  const std::string name = parameters.StringOr({"rope_type", "type"}, "default");
  const std::optional<RopeScaling> scaling = ScalingOf(name);
  if (!scaling.has_value()) {
    read.Unsupported(absl::StrCat("the position scaling \"", name,
                                  "\" is not supported; the supported ones are linear, dynamic, "
                                  "llama3, yarn and longrope"));
    return rope;
  }
  rope.scaling = *scaling;
  if (defaults.yarn_is_longrope && rope.scaling == RopeScaling::kYarn &&
      parameters.Has("short_factor")) {
    rope.scaling = RopeScaling::kLongRope;
  }
  if (rope.scaling != RopeScaling::kNone) ReadScaling(parameters, read, spec, defaults, rope);
  rope.attention_factor *= parameters.FloatOr({kGgufAttentionFactor}, 0.0, kMaxFactor, 1.0);
  return rope;
}

int64_t ScaledContext(const RopeSpec& rope, int64_t context) {
  double scaled = static_cast<double>(context);
  if (rope.scaling == RopeScaling::kLinear || rope.scaling == RopeScaling::kDynamic) {
    scaled *= std::max(rope.factor, 1.0);
  } else if (rope.scaling == RopeScaling::kYarn) {
    scaled = std::max(scaled, static_cast<double>(rope.original_context) * rope.factor);
  }
  return static_cast<int64_t>(std::min(scaled, static_cast<double>(ConfigReader::kMaxContext)));
}

RopeSpec ReadRope(ConfigReader& read, const ModelSpec& spec, const RopeDefaults& defaults) {
  ConfigReader parameters =
      read.Object(read.IsTruthy("rope_scaling") ? "rope_scaling" : "rope_parameters");
  for (const char* kind : {"full_attention", "sliding_attention"}) {
    if (!parameters.Has(kind)) continue;
    parameters.Unsupported(
        absl::StrCat("rope_parameters has parameters for ", kind,
                     "; models of this model_type have the same for all layers"));
  }
  RopeSpec rope = ReadRopeOf(parameters, read, spec, defaults);
  read.Merge(parameters);
  return rope;
}

}  // namespace assay::engine
