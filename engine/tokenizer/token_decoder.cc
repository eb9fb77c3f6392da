// Converts tokens to text step by step.
#include "engine/tokenizer/token_decoder.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/tokenizer/bpe_model.h"
#include "engine/tokenizer/byte_alphabet.h"

namespace assay::engine {
namespace {

constexpr char kReplacement[] = "\xEF\xBF\xBD";
// The text may have kMaxGrowth times the bytes of the tokens, plus kAlwaysAllowed.
constexpr size_t kMaxGrowth = 64;
constexpr size_t kAlwaysAllowed = 4096;

using Tokens = std::vector<std::string>;

// Applies the replacements one after another.
std::string CleanUp(std::string text) {
  constexpr std::pair<absl::string_view, absl::string_view> kReplacements[] = {
      {" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
      {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
      {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& replacement : kReplacements) text = absl::StrReplaceAll(text, {replacement});
  return text;
}

std::string ReplaceText(const std::string& token, const std::string& from, const char* to) {
  return from.empty() ? token : absl::StrReplaceAll(token, {{from, to}});
}

absl::StatusOr<std::string> ReplaceMatches(const ReplaceTokenStep& step, const std::string& token,
                                           size_t limit) {
  if (!step.literal.empty() && step.content.size() <= step.literal.size()) {
    return absl::StrReplaceAll(token, {{step.literal, step.content}});
  }
  // A pattern needs valid UTF-8, which tokens of bytes are not.
  if (FindInvalidUtf8(token).has_value()) return token;
  ASSIGN_OR_RETURN(const auto matches, step.pattern.FindAll(token));
  std::string out;
  size_t at = 0;
  for (const unicode::Regex::Range& match : matches) {
    out.append(token, at, match.begin - at);
    if (out.size() + step.content.size() > limit) {
      return absl::InvalidArgumentError(
          "the tokenizer's decoder makes the text more than 64 times "
          "as long as its tokens");
    }
    out += step.content;
    at = match.end;
  }
  return out.append(token, at);
}

std::string StripToken(const StripTokenStep& step, std::string_view token) {
  for (size_t i = 0; i < step.start && token.starts_with(step.content); ++i) {
    token.remove_prefix(step.content.size());
  }
  for (size_t i = 0; i < step.stop && token.ends_with(step.content); ++i) {
    token.remove_suffix(step.content.size());
  }
  return std::string(token);
}

// `middle` is true for one token out of a longer text.
struct Decoder {
  Tokens tokens;
  size_t limit;
  bool middle;

  template <typename Change>
  absl::Status ForEach(Change change) {
    for (std::string& token : tokens) token = change(token);
    return absl::OkStatus();
  }
  void Join(const char* separator) {
    if (!middle) tokens = {absl::StrJoin(tokens, separator)};
  }

  absl::Status operator()(const DecodeByteLevelStep&) {
    RETURN_IF_ERROR(
        ForEach([](const std::string& token) { return DecodeByteLevel(token).value_or(token); }));
    Join("");
    if (!middle) tokens.front() = ReplaceInvalidUtf8(tokens.front());
    return absl::OkStatus();
  }

  absl::Status operator()(const DecodeByteFallbackStep&) {
    Tokens out;
    std::string bytes;
    const auto flush = [&] {
      if (middle || !FindInvalidUtf8(bytes).has_value()) {
        if (!bytes.empty()) out.push_back(bytes);
      } else {
        out.insert(out.end(), bytes.size(), kReplacement);
      }
      bytes.clear();
    };
    for (std::string& token : tokens) {
      const std::optional<uint8_t> byte = ParseByteToken(token);
      if (byte.has_value()) {
        bytes += static_cast<char>(*byte);
        continue;
      }
      flush();
      out.push_back(std::move(token));
    }
    flush();
    tokens = std::move(out);
    return absl::OkStatus();
  }

  absl::Status operator()(const FuseStep&) {
    Join("");
    return absl::OkStatus();
  }

  absl::Status operator()(const ReplaceTokenStep& step) {
    for (std::string& token : tokens) {
      ASSIGN_OR_RETURN(token, ReplaceMatches(step, token, limit));
    }
    return absl::OkStatus();
  }

  absl::Status operator()(const StripTokenStep& step) {
    if (step.content.empty()) return absl::OkStatus();
    return ForEach([&](const std::string& token) { return StripToken(step, token); });
  }

  absl::Status operator()(const DecodeMetaspaceStep& step) {
    for (size_t i = 0; i < tokens.size(); ++i) {
      const bool strip = i == 0 && !middle && step.strips_first;
      tokens[i] = ReplaceText(tokens[i], step.replacement, strip ? "" : " ");
    }
    return absl::OkStatus();
  }

  absl::Status operator()(const DecodeWordPieceStep& step) {
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (i > 0 || middle) {
        tokens[i] = tokens[i].starts_with(step.prefix) ? tokens[i].substr(step.prefix.size())
                                                       : " " + tokens[i];
      }
      if (step.cleanup) tokens[i] = CleanUp(std::move(tokens[i]));
    }
    return absl::OkStatus();
  }

  absl::Status operator()(const DecodeSuffixStep& step) {
    for (size_t i = 0; i < tokens.size(); ++i) {
      const bool last = i + 1 == tokens.size() && !middle;
      tokens[i] = ReplaceText(tokens[i], step.suffix, last ? "" : " ");
    }
    return absl::OkStatus();
  }

  absl::Status operator()(const DecodeCtcStep& step) {
    tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
    for (std::string& token : tokens) {
      token = ReplaceText(token, step.padding, "");
      if (step.cleanup) token = ReplaceText(CleanUp(std::move(token)), step.delimiter, " ");
    }
    tokens.erase(std::remove(tokens.begin(), tokens.end(), ""), tokens.end());
    return absl::OkStatus();
  }

  absl::Status operator()(const JoinWithSpacesStep&) {
    if (middle && !tokens.empty()) tokens.front().insert(0, " ");
    Join(" ");
    return absl::OkStatus();
  }
};

absl::StatusOr<std::string> Run(const std::vector<DecoderStep>& steps, Tokens tokens, bool middle) {
  size_t bytes = 0;
  for (const std::string& token : tokens) bytes += token.size();
  Decoder decoder{std::move(tokens), bytes * kMaxGrowth + kAlwaysAllowed, middle};
  for (const DecoderStep& step : steps) {
    RETURN_IF_ERROR(std::visit([&](const auto& one) { return decoder(one); }, step));
  }
  return absl::StrJoin(decoder.tokens, "");
}

}  // namespace

absl::StatusOr<std::string> DecodeTokens(const std::vector<DecoderStep>& steps, Tokens tokens) {
  return Run(steps, std::move(tokens), /*middle=*/false);
}

absl::StatusOr<std::string> DecodeMiddleToken(const std::vector<DecoderStep>& steps,
                                              std::string token) {
  const size_t limit = token.size() * kMaxGrowth + kAlwaysAllowed;
  Decoder decoder{{std::move(token)}, limit, /*middle=*/true};
  // After a step that joins the tokens, a Strip changes the ends of the whole text.
  bool joined = false;
  for (const DecoderStep& step : steps) {
    if (joined && std::holds_alternative<StripTokenStep>(step)) continue;
    joined = joined || std::holds_alternative<FuseStep>(step) ||
             std::holds_alternative<DecodeByteLevelStep>(step);
    RETURN_IF_ERROR(std::visit([&](const auto& one) { return decoder(one); }, step));
  }
  return absl::StrJoin(decoder.tokens, "");
}

bool StripsLeadingSpace(const std::vector<DecoderStep>& steps) {
  return std::any_of(steps.begin(), steps.end(), [](const DecoderStep& step) {
    if (const auto* strip = std::get_if<StripTokenStep>(&step)) {
      return strip->content == " " && strip->start > 0;
    }
    if (const auto* metaspace = std::get_if<DecodeMetaspaceStep>(&step)) {
      return metaspace->strips_first;
    }
    return std::holds_alternative<DecodeWordPieceStep>(step) ||
           std::holds_alternative<JoinWithSpacesStep>(step);
  });
}

}  // namespace assay::engine
