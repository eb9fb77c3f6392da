// assay embed.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "assay/v1/embedding.grpc.pb.h"
#include "base/status_macros.h"
#include "client/commands/commands.h"
#include "client/input/jsonl_file.h"
#include "nlohmann/json.hpp"

namespace assay::client {
namespace {

// The server's limit of a request, and a size that every server accepts.
constexpr size_t kTextsPerRequest = 256;
constexpr size_t kBytesPerRequest = size_t{1} << 20;
// The texts of a similarity table.
constexpr size_t kMaxSimilarityTexts = 1000;

absl::StatusOr<std::vector<std::string>> ReadTexts(const EmbedOptions& options) {
  if (options.file.empty()) return options.texts;
  std::vector<std::string> texts;
  RETURN_IF_ERROR(
      ReadJsonl(options.file, [&](const nlohmann::json& object, size_t) -> absl::Status {
        const auto text = object.find("text");
        if (text == object.end() || !text->is_string()) {
          return absl::InvalidArgumentError("\"text\" must be a string");
        }
        texts.push_back(text->get<std::string>());
        return absl::OkStatus();
      }));
  if (!texts.empty()) return texts;
  return absl::InvalidArgumentError(absl::StrCat(options.file, ": has no texts"));
}

// Returns the end of the request that begins with the text `begin`. A long text has one of its own.
size_t EndOfRequest(const std::vector<std::string>& texts, size_t begin) {
  size_t bytes = texts[begin].size();
  size_t end = begin + 1;
  while (end < texts.size() && end - begin < kTextsPerRequest &&
         bytes + texts[end].size() <= kBytesPerRequest) {
    bytes += texts[end++].size();
  }
  return end;
}

double Cosine(const v1::TextEmbedding& a, const v1::TextEmbedding& b) {
  double product = 0;
  double squares_a = 0;
  double squares_b = 0;
  for (int i = 0; i < std::min(a.vector_size(), b.vector_size()); ++i) {
    product += static_cast<double>(a.vector(i)) * b.vector(i);
    squares_a += static_cast<double>(a.vector(i)) * a.vector(i);
    squares_b += static_cast<double>(b.vector(i)) * b.vector(i);
  }
  const double norms = std::sqrt(squares_a) * std::sqrt(squares_b);
  return norms == 0 ? 0 : product / norms;
}

// Prints [[1, 0.8], [0.8, 1]] with --json, otherwise a table whose rows and columns are numbered.
void PrintSimilarity(const Session& session, const std::vector<v1::TextEmbedding>& embeddings) {
  std::vector<std::vector<double>> cosines;
  Table table{.header = {"TEXT"}, .first_right = 1};
  for (size_t i = 0; i < embeddings.size(); ++i) {
    table.header.push_back(absl::StrCat(i + 1));
    table.rows.push_back({absl::StrCat(i + 1)});
    std::vector<double>& row = cosines.emplace_back();
    for (const v1::TextEmbedding& other : embeddings) {
      row.push_back(Cosine(embeddings[i], other));
      table.rows.back().push_back(absl::StrFormat("%.4f", row.back()));
    }
  }
  if (session.arguments.json) {
    session.streams.out << nlohmann::json(cosines).dump() << "\n" << std::flush;
  } else {
    session.streams.out << FormatTable(table) << std::flush;
  }
}

// Explains to a person which vectors do not stand for their whole text.
void WriteTruncationNote(const Session& session, const std::vector<v1::TextEmbedding>& embeddings) {
  const auto count = std::count_if(embeddings.begin(), embeddings.end(),
                                   [](const v1::TextEmbedding& e) { return e.truncated(); });
  if (count == 0 || !session.streams.err_is_terminal) return;
  session.streams.err << "note: " << count << " of " << embeddings.size()
                      << " texts are longer than the model's maximum; their ends were not read\n";
}

}  // namespace

int Embed(const Session& session) {
  const EmbedOptions& options = session.arguments.embed;
  const absl::StatusOr<std::vector<std::string>> texts = ReadTexts(options);
  if (!texts.ok()) return ReportUsageError(session, texts.status());
  if (options.similarity && texts->size() > kMaxSimilarityTexts) {
    return ReportUsageError(
        session, absl::InvalidArgumentError(absl::StrCat("--similarity: ", texts->size(),
                                                         " texts; at most ", kMaxSimilarityTexts)));
  }
  std::vector<v1::TextEmbedding> embeddings;
  for (size_t begin = 0; begin < texts->size();) {
    const size_t end = EndOfRequest(*texts, begin);
    v1::EmbedRequest request;
    request.set_model(options.model);
    for (; begin < end; ++begin) request.add_input((*texts)[begin]);
    if (options.no_normalize) request.set_normalize(false);
    v1::EmbedResponse reply;
    const grpc::Status status =
        Call(session.connection, &v1::EmbeddingService::Stub::Embed, request, &reply);
    if (!status.ok()) return session.connection.ReportFailure(status);
    if (session.arguments.json && !options.similarity) {
      WriteJson(reply, session.streams);
      continue;
    }
    for (v1::TextEmbedding& embedding : *reply.mutable_embeddings()) {
      if (!options.similarity) WriteJson(embedding, session.streams);
      if (!options.similarity) embedding.clear_vector();
      embeddings.push_back(std::move(embedding));
    }
  }
  if (options.similarity) PrintSimilarity(session, embeddings);
  WriteTruncationNote(session, embeddings);
  return kExitOk;
}

}  // namespace assay::client
