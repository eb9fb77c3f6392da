// Likelihoods of resident models.
#include "server/serving/likelihood.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/call_context.h"
#include "base/status_macros.h"
#include "engine/runtime/likelihood.h"
#include "server/serving/engine_loader.h"

namespace assay::server {
namespace {

using assay::v1::LikelihoodRequest;

constexpr int kMaxContinuations = 64;

absl::Status Bad(absl::string_view field, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", problem));
}

void Tell(const engine::Likelihood& likelihood, assay::v1::TextLikelihood* out) {
  out->set_log_likelihood(likelihood.log_likelihood);
  out->set_tokens(likelihood.tokens);
  out->set_greedy(likelihood.greedy);
}

// Of a text; no token has less than a byte.
int64_t MostWindows(size_t bytes, const engine::LoadedModelInfo& model) {
  const auto window = std::max<int64_t>(1, model.context_length);
  return 1 + static_cast<int64_t>(bytes) / window;
}

}  // namespace

absl::Status LikelihoodService::Check(const LikelihoodRequest& request) const {
  if (request.model().empty()) return Bad("model", "is empty; name a model of the catalog");
  size_t bytes = request.context().size() + request.text().size();
  for (const std::string& continuation : request.continuations()) bytes += continuation.size();
  if (bytes > static_cast<size_t>(limits_.max_prompt_bytes)) {
    return Bad("context", absl::StrCat("context, continuations and text have ", bytes,
                                       " bytes together; at most ", limits_.max_prompt_bytes,
                                       " (limits.max_prompt_bytes)"));
  }
  if (!request.text().empty()) {
    if (request.context().empty() && request.continuations().empty()) return absl::OkStatus();
    return Bad("text", "stands alone; leave context and continuations empty");
  }
  if (request.continuations().empty()) {
    return Bad("continuations", "is empty; give at least one, or a text");
  }
  if (request.continuations_size() > kMaxContinuations) {
    return Bad("continuations",
               absl::StrCat("has ", request.continuations_size(), "; at most ", kMaxContinuations));
  }
  for (int i = 0; i < request.continuations_size(); ++i) {
    if (request.continuations(i).empty()) {
      return Bad(absl::StrCat("continuations[", i, "]"), "is empty");
    }
  }
  return absl::OkStatus();
}

absl::Status LikelihoodService::Read(const LikelihoodRequest& request, const CallContext& context,

                                     assay::v1::LikelihoodResponse* response,
                                     const LikelihoodOptions& options) {
  RETURN_IF_ERROR(Check(request));
  const absl::Duration each =
      std::min(options.timeout.value_or(limits_.inference_timeout), limits_.inference_timeout);
  absl::Time longest = absl::Now() + each;
  ASSIGN_OR_RETURN(registry::Handle handle,
                   manager_->Acquire(request.model(), nullptr, context.Until(longest)));
  if (options.revision != nullptr) *options.revision = handle.revision();
  engine::LanguageModel& model = static_cast<EngineModel&>(handle.model()).model();
  if (options.timeout.has_value()) {
    longest = absl::Now() + each * MostWindows(request.text().size(), model.info());
  }
  const CallContext limited = context.Until(longest);
  response->set_model(request.model());
  if (!request.text().empty()) {
    ASSIGN_OR_RETURN(engine::Likelihood text, engine::ScoreText(model, request.text(), limited));
    Tell(text, response->add_likelihoods());
    return absl::OkStatus();
  }
  const std::vector<std::string> continuations(request.continuations().begin(),
                                               request.continuations().end());
  ASSIGN_OR_RETURN(std::vector<engine::Likelihood> found,
                   engine::ScoreContinuations(model, request.context(), continuations, limited));
  for (const engine::Likelihood& likelihood : found) Tell(likelihood, response->add_likelihoods());
  return absl::OkStatus();
}

}  // namespace assay::server
