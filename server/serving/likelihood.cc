// Serves requests for the likelihood of texts.
#include "server/serving/likelihood.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/annotate.h"
#include "base/call_context.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "engine/runtime/likelihood.h"
#include "server/serving/served_model.h"

namespace assay::server {
namespace {

constexpr size_t kMaxContinuations = 64;

absl::Status Invalid(std::string_view field, const std::string& problem) {
  return Annotate(absl::InvalidArgumentError(problem), field);
}

// Returns an upper bound of the windows that a text of so many bytes needs. No token has less than
// one byte.
int64_t MaxWindows(size_t bytes, const engine::LoadedModelInfo& model) {
  const auto window = std::max<int64_t>(1, model.context_length);
  return 1 + static_cast<int64_t>(bytes) / window;
}

absl::StatusOr<std::vector<engine::Likelihood>> ComputeWith(engine::LanguageModel& model,
                                                            const LikelihoodCall& call,
                                                            const CallContext& context) {
  if (call.text.empty()) {
    return engine::ScoreContinuations(model, call.context, call.continuations, context);
  }
  ASSIGN_OR_RETURN(const engine::Likelihood text, engine::ScoreText(model, call.text, context));
  return std::vector<engine::Likelihood>{text};
}

}  // namespace

absl::Status LikelihoodService::Check(const LikelihoodCall& call) const {
  if (call.model.empty()) return Invalid("model", "is empty; name a model of the catalog");
  size_t bytes = call.context.size() + call.text.size();
  for (const std::string& continuation : call.continuations) bytes += continuation.size();
  if (bytes > static_cast<size_t>(limits_.max_prompt_bytes)) {
    return Invalid("context", absl::StrCat("context, continuations and text have ", bytes,
                                           " bytes together; at most ", limits_.max_prompt_bytes,
                                           " (limits.max_prompt_bytes)"));
  }
  if (!call.text.empty()) {
    if (call.context.empty() && call.continuations.empty()) return absl::OkStatus();
    return Invalid("text", "is set together with context or continuations; leave those empty");
  }
  if (call.continuations.empty()) {
    return Invalid("continuations", "is empty; give at least one, or a text");
  }
  if (call.continuations.size() > kMaxContinuations) {
    return Invalid("continuations", absl::StrCat("has ", call.continuations.size(), "; at most ",
                                                 kMaxContinuations));
  }
  for (size_t i = 0; i < call.continuations.size(); ++i) {
    if (call.continuations[i].empty()) {
      return Invalid(absl::StrCat("continuations[", i, "]"), "is empty");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<LikelihoodResult> LikelihoodService::Compute(const LikelihoodCall& call,
                                                            const CallContext& context) {
  RETURN_IF_ERROR(Check(call));
  const absl::Duration timeout =
      std::min(call.timeout.value_or(limits_.inference_timeout), limits_.inference_timeout);
  SteadyTime deadline = SteadyTime::Now() + timeout;
  ASSIGN_OR_RETURN(registry::Handle handle,
                   manager_->Acquire(call.model, nullptr, context.Until(deadline)));
  ASSIGN_OR_RETURN(engine::LanguageModel* const found, LanguageModelOf(handle));
  engine::LanguageModel& model = *found;
  if (call.timeout.has_value()) {
    deadline = SteadyTime::Now() + timeout * MaxWindows(call.text.size(), model.info());
  }
  ASSIGN_OR_RETURN(const std::vector<engine::Likelihood> likelihoods,
                   ComputeWith(model, call, context.Until(deadline)));
  LikelihoodResult result{.model = call.model, .revision = handle.revision()};
  result.likelihoods.reserve(likelihoods.size());
  for (const engine::Likelihood& likelihood : likelihoods) {
    result.likelihoods.push_back({.log_likelihood = likelihood.log_likelihood,
                                  .tokens = likelihood.tokens,
                                  .greedy = likelihood.greedy});
  }
  return result;
}

}  // namespace assay::server
