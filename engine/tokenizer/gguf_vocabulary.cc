// Reads the vocabulary of a GGUF file.
#include "engine/tokenizer/gguf_vocabulary.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/formats/quoted.h"
#include "engine/tokenizer/bpe_model.h"

namespace assay::engine {
namespace {

constexpr size_t kMaxVocabulary = size_t{1} << 20;
constexpr char kTokens[] = "tokenizer.ggml.tokens";
constexpr char kTypes[] = "tokenizer.ggml.token_type";
constexpr char kScores[] = "tokenizer.ggml.scores";

// As in llama.cpp, a list may be longer than the vocabulary.
template <typename T>
absl::Status CutToSize(const GgufFile& file, const char* key, size_t tokens, std::vector<T>* list) {
  if (list->size() < tokens) {
    return absl::DataLossError(absl::StrCat(file.path(), ": ", key, " has ", list->size(),
                                            " entries for ", tokens, " tokens"));
  }
  list->resize(tokens);
  return absl::OkStatus();
}

GgufTokenType ToType(int64_t value) {
  const bool known = value > static_cast<int64_t>(GgufTokenType::kUndefined) &&
                     value <= static_cast<int64_t>(GgufTokenType::kByte);
  return known ? static_cast<GgufTokenType>(value) : GgufTokenType::kUndefined;
}

// Scores are floats, or integers in some files.
absl::StatusOr<std::vector<double>> ReadScores(const GgufFile& file) {
  absl::StatusOr<std::vector<double>> floats = file.GetFloats(kScores);
  if (floats.ok()) return floats;
  const absl::StatusOr<std::vector<int64_t>> ints = file.GetInts(kScores);
  if (!ints.ok()) return floats;
  return std::vector<double>(ints->begin(), ints->end());
}

}  // namespace

absl::StatusOr<GgufVocabulary> ReadGgufVocabulary(const GgufFile& file) {
  absl::StatusOr<std::vector<std::string>> tokens = file.GetStrings(kTokens);
  if (absl::IsNotFound(tokens.status())) return absl::DataLossError(tokens.status().message());
  if (!tokens.ok()) return tokens.status();
  GgufVocabulary out{.tokens = *std::move(tokens)};
  const size_t size = out.tokens.size();
  if (size == 0 || size > kMaxVocabulary) {
    return absl::DataLossError(absl::StrCat(file.path(), ": ", kTokens, " has ", size,
                                            " entries; at least 1, at most ", kMaxVocabulary));
  }
  out.types.assign(size, GgufTokenType::kNormal);
  out.scores.assign(size, 0.0);
  if (file.HasKey(kTypes)) {
    ASSIGN_OR_RETURN(std::vector<int64_t> types, file.GetInts(kTypes));
    RETURN_IF_ERROR(CutToSize(file, kTypes, size, &types));
    std::transform(types.begin(), types.end(), out.types.begin(), ToType);
  }
  if (file.HasKey(kScores)) {
    ASSIGN_OR_RETURN(out.scores, ReadScores(file));
    RETURN_IF_ERROR(CutToSize(file, kScores, size, &out.scores));
  }
  for (size_t i = 0; i < size; ++i) {
    if (out.types[i] != GgufTokenType::kByte || ParseByteToken(out.tokens[i]).has_value()) continue;
    return absl::DataLossError(absl::StrCat(file.path(), ": token ", i, " is ",
                                            Quoted(out.tokens[i]), ", but its type (", kTypes,
                                            ") is byte: such tokens are <0x00> to <0xFF>"));
  }
  return out;
}

}  // namespace assay::engine
