// Models that look words up.
#include "engine/tokenizer/word_models.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "base/work_limit.h"
#include "engine/formats/quoted.h"
#include "engine/unicode/characters.h"

namespace assay::engine {
namespace {

absl::Status AppendToken(const VocabularyIds& ids, const std::string& unknown,
                         std::vector<TokenId>* out) {
  const auto it = ids.find(unknown);
  if (it == ids.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the text has a word that the vocabulary lacks, and the vocabulary has no "
                     "unknown token ",
                     Quoted(unknown)));
  }
  out->push_back(it->second);
  return absl::OkStatus();
}

size_t CountCharacters(std::string_view text) {
  size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(NextUtf8(text).bytes);
  return count;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TokenModel>> WordPieceModel::Make(VocabularyIds ids,
                                                                 WordPieceOptions options) {
  for (const auto& [spelling, id] : ids) {
    if (spelling.size() <= kMaxTokenBytes) continue;
    return absl::UnimplementedError(
        absl::StrCat("token ", id, " has ", spelling.size(), " bytes; at most ", kMaxTokenBytes));
  }
  return std::unique_ptr<TokenModel>(new WordPieceModel(std::move(ids), std::move(options)));
}

WordPieceModel::WordPieceModel(VocabularyIds ids, WordPieceOptions options)
    : ids_(std::move(ids)), options_(std::move(options)) {
  for (const auto& [spelling, id] : ids_) longest_ = std::max(longest_, spelling.size());
}

size_t WordPieceModel::FindLongest(std::string_view rest, bool continues, TokenId* id) const {
  std::string spelling = continues ? options_.continuing_prefix : "";
  const size_t prefix = spelling.size();
  // One more byte lets the first character that is too long be left out as a whole.
  const size_t longest = longest_ > prefix ? longest_ - prefix + 1 : 0;
  size_t length = std::min(rest.size(), longest);
  if (length < rest.size() && length > 0) {
    length = unicode::LastCharacterOffset(rest.substr(0, length + 1));
  }
  spelling += rest.substr(0, length);
  for (; length > 0; length = unicode::LastCharacterOffset(rest.substr(0, length))) {
    spelling.resize(prefix + length);
    const auto it = ids_.find(spelling);
    if (it == ids_.end()) continue;
    *id = it->second;
    return length;
  }
  return 0;
}

absl::Status WordPieceModel::AppendUnknown(std::vector<TokenId>* out) const {
  return AppendToken(ids_, options_.unknown, out);
}

absl::Status WordPieceModel::Encode(std::string_view piece, std::vector<TokenId>* out) const {
  if (CountCharacters(piece) > options_.max_word_characters) return AppendUnknown(out);
  const size_t before = out->size();
  for (size_t at = 0; at < piece.size();) {
    RETURN_IF_ERROR(WorkLimit::Check());
    TokenId id = -1;
    const size_t length = FindLongest(piece.substr(at), at > 0, &id);
    if (length == 0) {
      out->resize(before);
      return AppendUnknown(out);
    }
    out->push_back(id);
    at += length;
  }
  return absl::OkStatus();
}

WordLevelModel::WordLevelModel(VocabularyIds ids, std::string unknown)
    : ids_(std::move(ids)), unknown_(std::move(unknown)) {}

absl::Status WordLevelModel::Encode(std::string_view piece, std::vector<TokenId>* out) const {
  const auto it = ids_.find(std::string(piece));
  if (it == ids_.end()) return AppendToken(ids_, unknown_, out);
  out->push_back(it->second);
  return absl::OkStatus();
}

}  // namespace assay::engine
