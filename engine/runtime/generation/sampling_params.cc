// How the tokens of a request are chosen.
#include "engine/runtime/generation/sampling_params.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::engine {
namespace {

constexpr float kMaxTemperature = 2.0F;
constexpr float kMaxRepetitionPenalty = 10.0F;
constexpr float kMaxPenalty = 2.0F;
constexpr float kMaxBias = 100.0F;
constexpr size_t kMaxBiases = 4096;

absl::Status OutOfRange(const char* field, float value, const char* range) {
  // The shortest text that is not rounded: 2.0000002 must not read as 2.
  std::array<char, 32> text{};
  const std::to_chars_result end = std::to_chars(text.data(), text.data() + text.size(), value);
  return absl::InvalidArgumentError(
      absl::StrCat(field, " is ", std::string(text.data(), end.ptr), "; it must be in ", range));
}

absl::Status ValidatePenalties(const SamplingParams& params) {
  // The negation makes the check fail for NaN.
  if (!(params.repetition_penalty > 0.0F && params.repetition_penalty <= kMaxRepetitionPenalty)) {
    return OutOfRange("repetition_penalty", params.repetition_penalty, "(0, 10]");
  }
  if (!(params.presence_penalty >= -kMaxPenalty && params.presence_penalty <= kMaxPenalty)) {
    return OutOfRange("presence_penalty", params.presence_penalty, "[-2, 2]");
  }
  if (!(params.frequency_penalty >= -kMaxPenalty && params.frequency_penalty <= kMaxPenalty)) {
    return OutOfRange("frequency_penalty", params.frequency_penalty, "[-2, 2]");
  }
  return absl::OkStatus();
}

absl::Status ValidateBiases(const std::vector<LogitBias>& biases, int vocab_size) {
  if (biases.size() > kMaxBiases) {
    return absl::InvalidArgumentError(
        absl::StrCat("logit_bias has ", biases.size(), " tokens; at most ", kMaxBiases));
  }
  std::vector<TokenId> tokens;
  tokens.reserve(biases.size());
  for (const LogitBias& bias : biases) {
    if (bias.token < 0 || (vocab_size > 0 && bias.token >= vocab_size)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "logit_bias has token ", bias.token, "; the model's tokens are 0 to ",
          vocab_size > 0 ? absl::StrCat(vocab_size - 1) : "its vocabulary's size less one"));
    }
    if (!(bias.bias >= -kMaxBias && bias.bias <= kMaxBias)) {
      return OutOfRange(absl::StrCat("logit_bias of token ", bias.token).c_str(), bias.bias,
                        "[-100, 100]");
    }
    tokens.push_back(bias.token);
  }
  std::sort(tokens.begin(), tokens.end());
  const auto twice = std::adjacent_find(tokens.begin(), tokens.end());
  if (twice == tokens.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("logit_bias has token ", *twice, " twice"));
}

}  // namespace

absl::Status ValidateSampling(const SamplingParams& params, int vocab_size) {
  if (!(params.temperature >= 0.0F && params.temperature <= kMaxTemperature)) {
    return OutOfRange("temperature", params.temperature, "[0, 2]");
  }
  if (!(params.top_p > 0.0F && params.top_p <= 1.0F)) {
    return OutOfRange("top_p", params.top_p, "(0, 1]");
  }
  if (params.top_k < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("top_k is ", params.top_k, "; it must be 0 (off) or more"));
  }
  if (!(params.min_p >= 0.0F && params.min_p <= 1.0F)) {
    return OutOfRange("min_p", params.min_p, "[0, 1]");
  }
  if (!(params.typical_p > 0.0F && params.typical_p <= 1.0F)) {
    return OutOfRange("typical_p", params.typical_p, "(0, 1]");
  }
  RETURN_IF_ERROR(ValidatePenalties(params));
  if (params.min_tokens < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("min_tokens is ", params.min_tokens, "; it must be 0 or more"));
  }
  if (params.log_probabilities < -1 || params.log_probabilities > kMaxTopLogProbabilities) {
    return absl::InvalidArgumentError(absl::StrCat("log_probabilities is ",
                                                   params.log_probabilities, "; it must be 0 to ",
                                                   kMaxTopLogProbabilities, ", or -1 for none"));
  }
  return ValidateBiases(params.logit_bias, vocab_size);
}

}  // namespace assay::engine
