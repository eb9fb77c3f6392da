// A tokenizer as a pipeline of steps.
#include "engine/tokenizer/pipeline_tokenizer.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/formats/quoted.h"
#include "engine/tokenizer/bpe_model.h"
#include "engine/tokenizer/byte_alphabet.h"

namespace assay::engine {
namespace {

constexpr char kReplacement[] = "\xEF\xBF\xBD";

// Speech models add a token per sound code, more than 65,536 in total.
constexpr size_t kMaxAddedTokens = size_t{1} << 18;
constexpr size_t kMaxAddedTokenBytes = 1024;

absl::Status CheckLength(const AddedToken& token) {
  if (token.content.size() <= kMaxAddedTokenBytes) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the added token ", Quoted(token.content), " has ",
                                          token.content.size(), " bytes; at most ",
                                          kMaxAddedTokenBytes));
}

// The replacements of transformers' clean_up_tokenization(), one after another.
std::string CleanUpSpaces(std::string text) {
  constexpr std::pair<absl::string_view, absl::string_view> kReplacements[] = {
      {" .", "."},     {" ?", "?"},   {" !", "!"},   {" ,", ","},     {" ' ", "'"},
      {" n't", "n't"}, {" 'm", "'m"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& replacement : kReplacements) text = absl::StrReplaceAll(text, {replacement});
  return text;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Tokenizer>> PipelineTokenizer::Make(TokenizerParts parts) {
  auto tokenizer = std::unique_ptr<PipelineTokenizer>(new PipelineTokenizer(std::move(parts)));
  RETURN_IF_ERROR(tokenizer->AddTokens());
  RETURN_IF_ERROR(tokenizer->CheckIds());
  return tokenizer;
}

absl::Status PipelineTokenizer::CheckIds() const {
  std::vector<TokenId> ids = parts_.prefix;
  ids.insert(ids.end(), parts_.suffix.begin(), parts_.suffix.end());
  for (const TokenId id : {parts_.bos, parts_.eos}) {
    if (id != -1) ids.push_back(id);
  }
  for (const TokenId id : ids) {
    if (InRange(id)) continue;
    return absl::DataLossError(absl::StrCat(
        "token id ", id, " (bos, eos, prefix or suffix) is outside 0 to ", vocab_size() - 1));
  }
  return absl::OkStatus();
}

PipelineTokenizer::Token PipelineTokenizer::MakeToken(const std::string& spelling) const {
  const TokenDecoding& decoding = parts_.decoding;
  if (decoding.byte_level) return {.bytes = DecodeByteLevel(spelling).value_or(spelling)};
  const std::optional<uint8_t> byte =
      decoding.byte_fallback ? ParseByteToken(spelling) : std::nullopt;
  if (byte.has_value()) {
    return {.bytes = std::string(1, static_cast<char>(*byte)), .byte = true};
  }
  if (decoding.space.empty()) return {.bytes = spelling};
  return {.bytes = absl::StrReplaceAll(spelling, {{decoding.space, " "}})};
}

absl::Status PipelineTokenizer::AddTokens() {
  if (parts_.added.size() > kMaxAddedTokens) {
    return absl::DataLossError(absl::StrCat(
        parts_.added.size(), " added, control and user-defined tokens; at most ", kMaxAddedTokens));
  }
  std::vector<AddedToken> raw;
  std::vector<AddedToken> normalized;
  tokens_.reserve(parts_.spellings.size());
  for (const std::string& spelling : parts_.spellings) tokens_.push_back(MakeToken(spelling));
  for (const AddedToken& added : parts_.added) {
    if (!InRange(added.id)) {
      return absl::DataLossError(absl::StrCat("the added token ", Quoted(added.content),
                                              " has the id ", added.id, ", outside 0 to ",
                                              vocab_size() - 1));
    }
    if (added.content.empty()) continue;
    RETURN_IF_ERROR(CheckLength(added));
    tokens_[added.id] = MakeToken(added.content);
    tokens_[added.id].special = added.special;
    if (added.special && parts_.split_special_tokens) continue;
    if (!added.normalized) {
      raw.push_back(added);
      continue;
    }
    AddedToken token = added;
    ASSIGN_OR_RETURN(std::string content, Normalize(parts_.normalizer, token.content));
    token.content = std::move(content);
    RETURN_IF_ERROR(CheckLength(token));
    // `tokenizers` decodes the token to its normalized form.
    tokens_[added.id].bytes = MakeToken(token.content).bytes;
    if (!token.content.empty()) normalized.push_back(std::move(token));
  }
  raw_ = AddedTokens(std::move(raw));
  normalized_ = AddedTokens(std::move(normalized));
  if (parts_.eos != -1) end_of_text_.insert(parts_.eos);
  end_of_text_.insert(parts_.end_of_text.begin(), parts_.end_of_text.end());
  return absl::OkStatus();
}

absl::Status PipelineTokenizer::EncodePlain(std::string_view text, bool starts_text,
                                            bool with_special, std::vector<TokenId>* out) const {
  ASSIGN_OR_RETURN(const std::string normal, Normalize(parts_.normalizer, std::string(text)));
  const std::string_view whole = normal;
  for (size_t at = 0; at < whole.size();) {
    const auto found = normalized_.Find(whole, at, with_special);
    const size_t end = found.has_value() ? found->begin : whole.size();
    ASSIGN_OR_RETURN(
        const std::vector<std::string> pieces,
        PreTokenize(parts_.pre_tokenizer, whole.substr(at, end - at), starts_text && at == 0));
    for (const std::string& piece : pieces) parts_.model->Encode(piece, out);
    if (!found.has_value()) break;
    out->push_back(found->id);
    at = found->end;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<TokenId>> PipelineTokenizer::Encode(std::string_view text,
                                                               const EncodeOptions& options) const {
  if (const std::optional<size_t> bad = FindInvalidUtf8(text); bad.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("the text is not valid UTF-8 at byte ", *bad));
  }
  std::vector<TokenId> ids;
  if (options.add_special) ids = parts_.prefix;
  for (size_t at = 0; at < text.size();) {
    const auto found = raw_.Find(text, at, options.parse_special);
    const size_t end = found.has_value() ? found->begin : text.size();
    if (end > at) {
      RETURN_IF_ERROR(EncodePlain(text.substr(at, end - at), at == 0, options.parse_special, &ids));
    }
    if (!found.has_value()) break;
    ids.push_back(found->id);
    at = found->end;
  }
  if (options.add_special) ids.insert(ids.end(), parts_.suffix.begin(), parts_.suffix.end());
  return ids;
}

std::string_view PipelineTokenizer::TokenBytes(TokenId id) const {
  return InRange(id) ? std::string_view(tokens_[id].bytes) : std::string_view();
}

absl::StatusOr<std::string> PipelineTokenizer::Decode(absl::Span<const TokenId> ids,
                                                      bool skip_special) const {
  std::string text;
  std::string bytes;
  // As in `tokenizers`, byte tokens that do not form valid UTF-8 together become one U+FFFD each.
  const auto flush = [&] {
    if (FindInvalidUtf8(bytes).has_value()) {
      for (size_t i = 0; i < bytes.size(); ++i) text += kReplacement;
    } else {
      text += bytes;
    }
    bytes.clear();
  };
  for (const TokenId id : ids) {
    if (!InRange(id)) {
      return absl::InvalidArgumentError(
          absl::StrCat("token id ", id, " is outside 0 to ", vocab_size() - 1));
    }
    const Token& token = tokens_[id];
    if (skip_special && token.special) continue;
    if (token.byte) {
      bytes += token.bytes;
      continue;
    }
    flush();
    text += token.bytes;
  }
  flush();
  if (parts_.decoding.strip_leading_space && text.starts_with(' ')) text.erase(0, 1);
  if (parts_.decoding.clean_up_spaces) text = CleanUpSpaces(std::move(text));
  return ReplaceInvalidUtf8(text);
}

}  // namespace assay::engine
