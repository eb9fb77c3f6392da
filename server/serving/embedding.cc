// Serves requests for sentence embeddings.
#include "server/serving/embedding.h"

#include <cstddef>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "server/serving/served_model.h"

namespace assay::server {
namespace {

absl::Status Invalid(std::string_view field, const std::string& problem) {
  return Annotate(absl::InvalidArgumentError(problem), field);
}

}  // namespace

absl::Status EmbeddingService::Check(const EmbedCall& call) const {
  if (call.model.empty()) return Invalid("model", "is empty; name an encoder of the catalog");
  if (call.input.empty()) return Invalid("input", "is empty; give at least one text");
  if (call.input.size() > kMaxEmbedTexts) {
    return Invalid("input", absl::StrCat("has ", call.input.size(), " texts; at most ",
                                         kMaxEmbedTexts, " in a request"));
  }
  for (size_t i = 0; i < call.input.size(); ++i) {
    if (call.input[i].size() <= static_cast<size_t>(limits_.max_prompt_bytes)) continue;
    return Invalid(absl::StrCat("input[", i, "]"),
                   absl::StrCat("has ", call.input[i].size(), " bytes; at most ",
                                limits_.max_prompt_bytes, " (limits.max_prompt_bytes)"));
  }
  if (kinds_ != nullptr && kinds_->Generates(call.model)) return IsNoEncoderError(call.model);
  return absl::OkStatus();
}

absl::StatusOr<EmbedResult> EmbeddingService::Compute(const EmbedCall& call,
                                                      const CallContext& context) {
  const SteadyTime start = SteadyTime::Now();
  RETURN_IF_ERROR(Check(call));
  const CallContext limited = context.Until(start + limits_.inference_timeout);
  ASSIGN_OR_RETURN(registry::Handle handle, manager_->Acquire(call.model, nullptr, limited));
  ASSIGN_OR_RETURN(engine::EncoderModel* const encoder, EncoderOf(handle));
  EmbedResult result{.model = call.model,
                     .revision = handle.revision(),
                     .dimension = encoder->dimension(),
                     .load_time = SteadyTime::Now() - start};
  ASSIGN_OR_RETURN(engine::EmbeddingResult computed,
                   encoder->Embed(call.input, call.normalize, limited));
  result.embeddings = std::move(computed.embeddings);
  result.times = computed.times;
  result.total_time = SteadyTime::Now() - start;
  return result;
}

}  // namespace assay::server
