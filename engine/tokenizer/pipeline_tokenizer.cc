// A tokenizer as a pipeline of steps.
#include "engine/tokenizer/pipeline_tokenizer.h"

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
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/call_context.h"
#include "base/status_macros.h"
#include "base/text_marks.h"
#include "base/utf8.h"
#include "base/work_limit.h"
#include "engine/formats/quoted.h"
#include "engine/tokenizer/special_guard.h"
#include "engine/tokenizer/token_decoder.h"

namespace assay::engine {
namespace {

// Speech models add a token per sound code, more than 65,536 in total.
constexpr size_t kMaxAddedTokens = size_t{1} << 18;
constexpr size_t kMaxAddedTokenBytes = 1024;
// For all tokens of a file together.
constexpr absl::Duration kMaxMakeCpu = absl::Milliseconds(1500);

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

// True for spellings such as "<think>", "[INST]" and "\u25C1think\u25B7". Other added tokens, such
// as runs of spaces, are a part of ordinary text.
bool LooksLikeControl(std::string_view spelling) {
  constexpr std::string_view kTriangle = "\xE2\x97\x81";
  constexpr size_t kMinBytes = 3;
  return spelling.size() >= kMinBytes && (spelling.starts_with('<') || spelling.starts_with('[') ||
                                          spelling.starts_with(kTriangle));
}

// Returns the barriers from `begin` to `end`, as offsets from `begin`.
std::vector<size_t> BarriersIn(absl::Span<const size_t> barriers, size_t begin, size_t end) {
  std::vector<size_t> out;
  const auto* const last = std::upper_bound(barriers.begin(), barriers.end(), end);
  for (const auto* at = std::lower_bound(barriers.begin(), barriers.end(), begin); at != last;
       ++at) {
    out.push_back(*at - begin);
  }
  return out;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Tokenizer>> PipelineTokenizer::Make(TokenizerParts parts) {
  const CallContext no_end;
  const WorkLimit limit(kMaxMakeCpu, no_end);
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

absl::Status PipelineTokenizer::AddNormalized(AddedToken token,
                                              std::vector<AddedToken>* normalized) {
  ASSIGN_OR_RETURN(std::string content, Normalize(parts_.normalizer, token.content));
  token.content = std::move(content);
  RETURN_IF_ERROR(CheckLength(token));
  // As in `tokenizers`, the token decodes to its normalized form.
  parts_.spellings[static_cast<size_t>(token.id)] = token.content;
  if (!token.content.empty()) normalized->push_back(std::move(token));
  return absl::OkStatus();
}

absl::Status PipelineTokenizer::AddTokens() {
  if (parts_.added.size() > kMaxAddedTokens) {
    return absl::DataLossError(absl::StrCat(
        parts_.added.size(), " added, control and user-defined tokens; at most ", kMaxAddedTokens));
  }
  std::vector<AddedToken> raw;
  std::vector<AddedToken> normalized;
  absl::flat_hash_set<std::string> special;
  tokens_.resize(parts_.spellings.size());
  for (const AddedToken& added : parts_.added) {
    if (!InRange(added.id)) {
      return absl::DataLossError(absl::StrCat("the added token ", Quoted(added.content),
                                              " has the id ", added.id, ", outside 0 to ",
                                              vocab_size() - 1));
    }
    if (added.content.empty()) continue;
    RETURN_IF_ERROR(CheckLength(added));
    parts_.spellings[static_cast<size_t>(added.id)] = added.content;
    tokens_[added.id].special = added.special;
    if (added.special) special.insert(added.content);
    if (added.special && parts_.split_special_tokens) continue;
    if (added.normalized) {
      RETURN_IF_ERROR(AddNormalized(added, &normalized));
    } else {
      raw.push_back(added);
    }
  }
  // As in `tokenizers`, a token is skipped if what it decodes to is the content of a special token.
  for (const AddedToken& added : parts_.added) {
    if (added.content.empty()) continue;
    tokens_[added.id].skipped = special.contains(parts_.spellings[static_cast<size_t>(added.id)]);
  }
  for (size_t i = 0; i < tokens_.size(); ++i) {
    ASSIGN_OR_RETURN(tokens_[i].bytes, DecodeMiddleToken(parts_.decoder, parts_.spellings[i]));
  }
  strips_leading_space_ = engine::StripsLeadingSpace(parts_.decoder);
  raw_ = AddedTokens(std::move(raw));
  normalized_ = AddedTokens(std::move(normalized));
  if (parts_.eos != -1) end_of_text_.insert(parts_.eos);
  end_of_text_.insert(parts_.end_of_text.begin(), parts_.end_of_text.end());
  return absl::OkStatus();
}

SpecialGuard PipelineTokenizer::MakeGuard(std::string_view also) const {
  std::vector<std::string> controls;
  for (const AddedToken& token : parts_.added) {
    if (!token.special && LooksLikeControl(token.content)) controls.push_back(token.content);
  }
  const std::vector<std::string> named = SpellingSet(std::move(controls)).SpellingsIn(also);
  std::vector<std::string> spellings;
  std::vector<std::string> normalized;
  for (const AddedToken& token : parts_.added) {
    if (!token.special && !std::binary_search(named.begin(), named.end(), token.content)) continue;
    spellings.push_back(token.content);
    // AddTokens() stored the normalized spelling.
    if (token.normalized) normalized.push_back(parts_.spellings[static_cast<size_t>(token.id)]);
  }
  return {std::move(spellings), std::move(normalized), &parts_.normalizer};
}

absl::StatusOr<MarkedText> PipelineTokenizer::NormalizeAround(std::string_view text,
                                                              absl::Span<const size_t> barriers,
                                                              bool* keeps_start) const {
  MarkedText out{.text = std::string(text), .offsets = {barriers.begin(), barriers.end()}};
  if (parts_.normalizer.empty()) return out;
  // Without added tokens to be matched, the barriers have done their work.
  if (barriers.empty() || normalized_.empty()) {
    out.offsets.clear();
    ASSIGN_OR_RETURN(out.text, Normalize(parts_.normalizer, std::move(out.text), keeps_start));
    return out;
  }
  MarkChooser chooser;
  chooser.Add(text);
  const std::optional<std::string> mark = chooser.Choose();
  if (!mark.has_value()) {
    return absl::InvalidArgumentError(
        "the text contains all noncharacters from U+FDD0 to U+FDEF; remove one of them");
  }
  ASSIGN_OR_RETURN(const std::string normal,
                   Normalize(parts_.normalizer, InsertMarks(out, *mark), keeps_start));
  return RemoveMarks(normal, *mark);
}

absl::Status PipelineTokenizer::EncodePlain(std::string_view text, bool starts_text,
                                            const EncodeOptions& options,
                                            std::vector<TokenId>* out) const {
  bool keeps_start = starts_text;
  ASSIGN_OR_RETURN(const MarkedText normal, NormalizeAround(text, options.barriers, &keeps_start));
  const std::string_view whole = normal.text;
  for (size_t at = 0; at < whole.size();) {
    const auto found = normalized_.Find(whole, at, options.parse_special, normal.offsets);
    RETURN_IF_ERROR(WorkLimit::Check());
    const size_t end = found.has_value() ? found->begin : whole.size();
    ASSIGN_OR_RETURN(
        const std::vector<std::string> pieces,
        PreTokenize(parts_.pre_tokenizer, whole.substr(at, end - at), keeps_start && at == 0));
    for (const std::string& piece : pieces) {
      RETURN_IF_ERROR(WorkLimit::Check());
      RETURN_IF_ERROR(parts_.model->Encode(piece, out));
    }
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
  const CallContext no_end;
  const WorkLimit limit(MaxEncodingCpu(text.size()), no_end);
  std::vector<TokenId> ids;
  if (options.add_special) ids = parts_.prefix;
  for (size_t at = 0; at < text.size();) {
    const auto found = raw_.Find(text, at, options.parse_special, options.barriers);
    RETURN_IF_ERROR(WorkLimit::Check());
    const size_t end = found.has_value() ? found->begin : text.size();
    if (end > at) {
      const std::vector<size_t> barriers = BarriersIn(options.barriers, at, end);
      RETURN_IF_ERROR(EncodePlain(text.substr(at, end - at), at == 0,
                                  {.parse_special = options.parse_special, .barriers = barriers},
                                  &ids));
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
  std::vector<std::string> tokens;
  tokens.reserve(ids.size());
  for (const TokenId id : ids) {
    if (!InRange(id)) {
      return absl::InvalidArgumentError(
          absl::StrCat("token id ", id, " is outside 0 to ", vocab_size() - 1));
    }
    const std::string& spelling = parts_.spellings[static_cast<size_t>(id)];
    if (spelling.empty() || (skip_special && tokens_[id].skipped)) continue;
    tokens.push_back(spelling);
  }
  ASSIGN_OR_RETURN(std::string text, DecodeTokens(parts_.decoder, std::move(tokens)));
  if (parts_.clean_up_spaces) text = CleanUpSpaces(std::move(text));
  return ReplaceInvalidUtf8(text);
}

}  // namespace assay::engine
