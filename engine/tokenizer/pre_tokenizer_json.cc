// Reads the pre-tokenizer of a tokenizer.json.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "engine/tokenizer/component_access.h"
#include "engine/tokenizer/tokenizer_components.h"
#include "engine/unicode/punctuation.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;
using Steps = std::vector<PreTokenizerStep>;

absl::StatusOr<SplitBehavior> ReadBehavior(const Json& object) {
  ASSIGN_OR_RETURN(const std::string name, StringMember(object, "behavior"));
  if (name == "Removed") return SplitBehavior::kRemoved;
  if (name == "Isolated") return SplitBehavior::kIsolated;
  if (name == "MergedWithPrevious") return SplitBehavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return SplitBehavior::kMergedWithNext;
  if (name == "Contiguous") return SplitBehavior::kContiguous;
  return Unsupported("behavior", name);
}

absl::Status AddSplit(absl::StatusOr<unicode::Regex> pattern, SplitBehavior behavior, bool invert,
                      Steps* out) {
  if (!pattern.ok()) return pattern.status();
  out->emplace_back(SplitStep{*std::move(pattern), behavior, invert});
  return absl::OkStatus();
}

absl::Status ReadSplit(const Json& object, Steps* out) {
  ASSIGN_OR_RETURN(const SplitBehavior behavior, ReadBehavior(object));
  ASSIGN_OR_RETURN(const bool invert, BoolMember(object, "invert", false));
  return AddSplit(ReadPattern(object), behavior, invert, out);
}

absl::Status AddMatches(const char* pattern, SplitBehavior behavior, Steps* out) {
  return AddSplit(unicode::Regex::Compile(pattern), behavior, /*invert=*/false, out);
}

absl::Status ReadByteLevel(const Json& object, Steps* out) {
  ASSIGN_OR_RETURN(const bool prefix, BoolMember(object, "add_prefix_space", true));
  ASSIGN_OR_RETURN(const bool use_regex, BoolMember(object, "use_regex", true));
  if (prefix) out->emplace_back(PrefixSpaceStep{});
  if (use_regex) {
    RETURN_IF_ERROR(
        AddSplit(unicode::Regex::Compile(Gpt2Pattern()), SplitBehavior::kIsolated, false, out));
  }
  out->emplace_back(EncodeBytesStep{});
  return absl::OkStatus();
}

absl::Status ReadDigits(const Json& object, Steps* out) {
  ASSIGN_OR_RETURN(const bool individual, BoolMember(object, "individual_digits", false));
  return AddSplit(unicode::Regex::Compile(individual ? R"(\p{N})" : R"(\p{N}+)"),
                  SplitBehavior::kIsolated, false, out);
}

absl::Status ReadPunctuation(const Json& object, Steps* out) {
  SplitBehavior behavior = SplitBehavior::kIsolated;
  if (FindMember(object, "behavior") != nullptr) {
    ASSIGN_OR_RETURN(const SplitBehavior read, ReadBehavior(object));
    behavior = read;
  }
  return AddSplit(unicode::Regex::Compile(unicode::kPunctuation), behavior, false, out);
}

// `tokenizers` compiles this pattern with Rust's regular expressions, whose \w differs.
absl::Status AddWhitespace(Steps* out) {
  constexpr char kPattern[] = R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200C}\x{200D}]+)"
                              R"(|[^\s\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200C}\x{200D}]+)";
  return AddSplit(unicode::Regex::Compile(kPattern), SplitBehavior::kRemoved, true, out);
}

absl::Status ReadFixedLength(const Json& object, Steps* out) {
  constexpr int64_t kDefault = 5;
  constexpr int64_t kMax = int64_t{1} << 30;
  int64_t length = kDefault;
  if (FindMember(object, "length") != nullptr) {
    ASSIGN_OR_RETURN(length, IntMember(object, "length", kMax));
  }
  if (length == 0) return WrongMember("length", "a positive integer");
  out->emplace_back(FixedLengthStep{static_cast<size_t>(length)});
  return absl::OkStatus();
}

absl::Status ReadDelimiter(const Json& object, Steps* out) {
  ASSIGN_OR_RETURN(const std::string delimiter, CharacterMember(object, "delimiter"));
  return AddSplit(unicode::Regex::Literal(delimiter), SplitBehavior::kRemoved, false, out);
}

}  // namespace

absl::StatusOr<MetaspaceStep> ReadMetaspace(const Json& object) {
  MetaspaceStep step;
  ASSIGN_OR_RETURN(std::string replacement, CharacterMember(object, "replacement"));
  ASSIGN_OR_RETURN(const bool split, BoolMember(object, "split", true));
  step.replacement = std::move(replacement);
  step.split = split;
  if (FindMember(object, "prepend_scheme") == nullptr) {
    ASSIGN_OR_RETURN(const bool prefix, BoolMember(object, "add_prefix_space", true));
    step.prefix = prefix ? MetaspaceStep::Prefix::kAlways : MetaspaceStep::Prefix::kNever;
    return step;
  }
  ASSIGN_OR_RETURN(const std::string scheme, StringMember(object, "prepend_scheme"));
  if (scheme == "always") {
    step.prefix = MetaspaceStep::Prefix::kAlways;
  } else if (scheme == "first") {
    step.prefix = MetaspaceStep::Prefix::kFirst;
  } else if (scheme == "never") {
    step.prefix = MetaspaceStep::Prefix::kNever;
  } else {
    return Unsupported("prepend_scheme", scheme);
  }
  return step;
}

absl::Status ReadPreTokenizer(const Json& object, Steps* out) {
  ASSIGN_OR_RETURN(const std::string type, StringMember(object, "type"));
  if (type == "Sequence") {
    return ForEach(object, "pretokenizers",
                   [&](const Json& o) { return ReadPreTokenizer(o, out); });
  }
  if (type == "ByteLevel") return ReadByteLevel(object, out);
  if (type == "Split") return ReadSplit(object, out);
  if (type == "Digits") return ReadDigits(object, out);
  if (type == "Punctuation") return ReadPunctuation(object, out);
  if (type == "Whitespace") return AddWhitespace(out);
  if (type == "WhitespaceSplit") return AddMatches(R"(\s)", SplitBehavior::kRemoved, out);
  if (type == "BertPreTokenizer") return AddBertPreTokenizer(out);
  if (type == "CharDelimiterSplit") return ReadDelimiter(object, out);
  if (type == "FixedLength") return ReadFixedLength(object, out);
  if (type == "Metaspace") {
    ASSIGN_OR_RETURN(MetaspaceStep step, ReadMetaspace(object));
    out->emplace_back(std::move(step));
    return absl::OkStatus();
  }
  return Unsupported("pre-tokenizer", type);
}

bool MakePiecesBytes(Steps* steps) {
  const auto is_encode = [](const PreTokenizerStep& step) {
    return std::holds_alternative<EncodeBytesStep>(step);
  };
  const auto encode = std::find_if(steps->begin(), steps->end(), is_encode);
  if (encode == steps->end()) return false;
  const bool only_splits = std::all_of(std::next(encode), steps->end(), [](const auto& step) {
    return std::holds_alternative<SplitStep>(step);
  });
  if (!only_splits) return false;
  if (std::next(encode) == steps->end()) {
    steps->pop_back();
  } else {
    steps->emplace_back(DecodeBytesStep{});
  }
  return true;
}

}  // namespace assay::engine
