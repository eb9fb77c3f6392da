// Lets evaluations compute sentence embeddings with the server's models.
#include "server/serving/served_embedder.h"

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::server {

absl::StatusOr<std::vector<std::vector<float>>> ServedEmbedder::Embed(
    const std::string& model, absl::Span<const std::string> texts, const CallContext& context) {
  std::vector<std::vector<float>> vectors;
  vectors.reserve(texts.size());
  for (size_t begin = 0; begin < texts.size(); begin += kMaxEmbedTexts) {
    const absl::Span<const std::string> part = texts.subspan(begin, kMaxEmbedTexts);
    absl::StatusOr<EmbedResult> result =
        embedding_->Compute({.model = model, .input = {part.begin(), part.end()}}, context);
    if (!result.ok() && begin > 0) {
      return absl::Status(result.status().code(),
                          absl::StrCat("texts from ", begin, " on: ", result.status().message()));
    }
    if (!result.ok()) return result.status();
    for (engine::TextEmbedding& embedding : result->embeddings) {
      vectors.push_back(std::move(embedding.vector));
    }
  }
  return vectors;
}

}  // namespace assay::server
