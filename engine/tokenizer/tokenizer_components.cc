// Reads the steps of a tokenizer.json: normalizers, pre-tokenizers, decoders, post-processors.
#include "engine/tokenizer/tokenizer_components.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/formats/quoted.h"
#include "engine/tokenizer/json_access.h"
#include "engine/unicode/punctuation.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

absl::Status Unsupported(const char* what, const std::string& type) {
  return absl::UnimplementedError(absl::StrCat(what, " ", Quoted(type), " is not supported"));
}

// Calls `read` for each object of the array under `key`.
template <typename Read>
absl::Status ForEach(const Json& object, const char* key, Read read) {
  const Json* items = FindMember(object, key);
  if (items == nullptr || !items->is_array()) return WrongMember(key, "a list");
  for (const Json& item : *items) {
    RETURN_IF_ERROR(read(item));
  }
  return absl::OkStatus();
}

// Reads {"Regex": "..."} or {"String": "..."}.
absl::StatusOr<unicode::Regex> ReadPattern(const Json& object) {
  const Json* pattern = FindMember(object, "pattern");
  if (pattern == nullptr) return WrongMember("pattern", "an object");
  if (FindMember(*pattern, "Regex") != nullptr) {
    const absl::StatusOr<std::string> text = StringMember(*pattern, "Regex");
    return text.ok() ? unicode::Regex::Compile(*text) : text.status();
  }
  const absl::StatusOr<std::string> text = StringMember(*pattern, "String");
  return text.ok() ? unicode::Regex::Literal(*text) : text.status();
}

absl::Status ReadReplace(const Json& object, std::vector<NormalizerStep>* out) {
  ASSIGN_OR_RETURN(unicode::Regex pattern, ReadPattern(object));
  ASSIGN_OR_RETURN(std::string content, StringMember(object, "content"));
  out->emplace_back(Replace{std::move(pattern), std::move(content)});
  return absl::OkStatus();
}

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
                      std::vector<PreTokenizerStep>* out) {
  if (!pattern.ok()) return pattern.status();
  out->emplace_back(SplitStep{*std::move(pattern), behavior, invert});
  return absl::OkStatus();
}

absl::Status ReadSplit(const Json& object, std::vector<PreTokenizerStep>* out) {
  ASSIGN_OR_RETURN(const SplitBehavior behavior, ReadBehavior(object));
  ASSIGN_OR_RETURN(const bool invert, BoolMember(object, "invert", false));
  return AddSplit(ReadPattern(object), behavior, invert, out);
}

absl::Status ReadByteLevel(const Json& object, PreTokenizerParts* out) {
  ASSIGN_OR_RETURN(const bool prefix, BoolMember(object, "add_prefix_space", true));
  ASSIGN_OR_RETURN(const bool use_regex, BoolMember(object, "use_regex", true));
  if (prefix) out->steps.emplace_back(PrefixSpaceStep{});
  out->byte_level = true;
  if (!use_regex) return absl::OkStatus();
  return AddSplit(unicode::Regex::Compile(Gpt2Pattern()), SplitBehavior::kIsolated, false,
                  &out->steps);
}

absl::StatusOr<MetaspaceStep> ReadMetaspaceStep(const Json& object) {
  MetaspaceStep step;
  ASSIGN_OR_RETURN(std::string replacement, StringMember(object, "replacement"));
  if (replacement.empty() || NextUtf8(replacement).bytes != replacement.size()) {
    return WrongMember("replacement", "a character");
  }
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

absl::Status ReadDigits(const Json& object, std::vector<PreTokenizerStep>* out) {
  ASSIGN_OR_RETURN(const bool individual, BoolMember(object, "individual_digits", false));
  return AddSplit(unicode::Regex::Compile(individual ? R"(\p{N})" : R"(\p{N}+)"),
                  SplitBehavior::kIsolated, false, out);
}

absl::Status ReadPunctuation(const Json& object, std::vector<PreTokenizerStep>* out) {
  SplitBehavior behavior = SplitBehavior::kIsolated;
  if (FindMember(object, "behavior") != nullptr) {
    ASSIGN_OR_RETURN(const SplitBehavior read, ReadBehavior(object));
    behavior = read;
  }
  return AddSplit(unicode::Regex::Compile(unicode::kPunctuation), behavior, false, out);
}

absl::Status ReadPreTokenizerStep(const Json& object, const std::string& type,
                                  PreTokenizerParts* out) {
  if (type == "Split") return ReadSplit(object, &out->steps);
  if (type == "Digits") return ReadDigits(object, &out->steps);
  if (type == "Punctuation") return ReadPunctuation(object, &out->steps);
  if (type == "Whitespace") {
    return AddSplit(unicode::Regex::Compile(R"(\w+|[^\w\s]+)"), SplitBehavior::kRemoved, true,
                    &out->steps);
  }
  if (type == "WhitespaceSplit") {
    return AddSplit(unicode::Regex::Compile(R"(\s)"), SplitBehavior::kRemoved, false, &out->steps);
  }
  if (type == "Metaspace") {
    ASSIGN_OR_RETURN(MetaspaceStep step, ReadMetaspaceStep(object));
    out->steps.emplace_back(std::move(step));
    return absl::OkStatus();
  }
  return Unsupported("pre-tokenizer", type);
}

}  // namespace

absl::Status ReadNormalizer(const Json& object, std::vector<NormalizerStep>* out) {
  ASSIGN_OR_RETURN(const std::string type, StringMember(object, "type"));
  if (type == "Sequence") {
    return ForEach(object, "normalizers", [&](const Json& o) { return ReadNormalizer(o, out); });
  }
  if (type == "Replace") return ReadReplace(object, out);
  if (type == "Prepend") {
    ASSIGN_OR_RETURN(std::string text, StringMember(object, "prepend"));
    out->emplace_back(Prepend{std::move(text)});
    return absl::OkStatus();
  }
  if (type == "Strip") {
    ASSIGN_OR_RETURN(const bool left, BoolMember(object, "strip_left", true));
    ASSIGN_OR_RETURN(const bool right, BoolMember(object, "strip_right", true));
    out->emplace_back(StripSpaces{left, right});
    return absl::OkStatus();
  }
  if (type == "NFC") {
    out->emplace_back(UnicodeForm::kNfc);
  } else if (type == "NFD") {
    out->emplace_back(UnicodeForm::kNfd);
  } else if (type == "NFKC") {
    out->emplace_back(UnicodeForm::kNfkc);
  } else if (type == "NFKD") {
    out->emplace_back(UnicodeForm::kNfkd);
  } else if (type == "Lowercase") {
    out->emplace_back(Lowercase{});
  } else {
    return Unsupported("normalizer", type);
  }
  return absl::OkStatus();
}

absl::Status ReadPreTokenizer(const Json& object, PreTokenizerParts* out) {
  ASSIGN_OR_RETURN(const std::string type, StringMember(object, "type"));
  if (type == "Sequence") {
    return ForEach(object, "pretokenizers",
                   [&](const Json& o) { return ReadPreTokenizer(o, out); });
  }
  if (type == "ByteLevel") return ReadByteLevel(object, out);
  if (!out->byte_level) return ReadPreTokenizerStep(object, type, out);
  // A step after ByteLevel splits its alphabet.
  out->steps.emplace_back(EncodeBytesStep{});
  RETURN_IF_ERROR(ReadPreTokenizerStep(object, type, out));
  out->steps.emplace_back(DecodeBytesStep{});
  return absl::OkStatus();
}

absl::Status ReadDecoder(const Json& object, TokenDecoding* out) {
  ASSIGN_OR_RETURN(const std::string type, StringMember(object, "type"));
  if (type == "Sequence") {
    return ForEach(object, "decoders", [&](const Json& o) { return ReadDecoder(o, out); });
  }
  if (type == "Fuse") return absl::OkStatus();
  if (type == "ByteLevel") {
    out->byte_level = true;
    return absl::OkStatus();
  }
  if (type == "ByteFallback") {
    out->byte_fallback = true;
    return absl::OkStatus();
  }
  if (type == "Metaspace") {
    ASSIGN_OR_RETURN(const MetaspaceStep step, ReadMetaspaceStep(object));
    out->space = step.replacement;
    out->strip_leading_space = step.prefix != MetaspaceStep::Prefix::kNever;
    return absl::OkStatus();
  }
  if (type == "Replace") {
    ASSIGN_OR_RETURN(const std::string content, StringMember(object, "content"));
    const Json* pattern = FindMember(object, "pattern");
    const absl::StatusOr<std::string> text =
        StringMember(pattern == nullptr ? Json() : *pattern, "String");
    if (!text.ok() || content != " ") return Unsupported("decoder Replace with", content);
    out->space = *text;
    return absl::OkStatus();
  }
  if (type == "Strip") {
    ASSIGN_OR_RETURN(const std::string content, StringMember(object, "content"));
    ASSIGN_OR_RETURN(const int64_t start, IntMember(object, "start", kMaxTokenId));
    ASSIGN_OR_RETURN(const int64_t stop, IntMember(object, "stop", kMaxTokenId));
    if (content != " " || start > 1 || stop != 0) return Unsupported("decoder Strip of", content);
    out->strip_leading_space = start == 1;
    return absl::OkStatus();
  }
  return Unsupported("decoder", type);
}

absl::Status ReadPostProcessor(const Json& object, TokenizerParts* out) {
  ASSIGN_OR_RETURN(const std::string type, StringMember(object, "type"));
  if (type == "Sequence") {
    return ForEach(object, "processors", [&](const Json& o) { return ReadPostProcessor(o, out); });
  }
  // This post-processor changes only offsets.
  if (type == "ByteLevel") return absl::OkStatus();
  if (type != "TemplateProcessing") return Unsupported("post-processor", type);
  const Json* tokens = FindMember(object, "special_tokens");
  bool after_text = false;
  return ForEach(object, "single", [&](const Json& part) -> absl::Status {
    if (FindMember(part, "Sequence") != nullptr) {
      after_text = true;
      return absl::OkStatus();
    }
    const Json* special = FindMember(part, "SpecialToken");
    if (special == nullptr) return WrongMember("single", "a list of Sequence and SpecialToken");
    ASSIGN_OR_RETURN(const std::string name, StringMember(*special, "id"));
    const Json* token = tokens == nullptr ? nullptr : FindMember(*tokens, name.c_str());
    if (token == nullptr) return WrongMember("special_tokens", "complete");
    return ForEach(*token, "ids", [&](const Json& id) -> absl::Status {
      if (!id.is_number_unsigned() || id.get<uint64_t>() > kMaxTokenId) {
        return WrongMember("ids", "a list of token ids");
      }
      (after_text ? out->suffix : out->prefix).push_back(id.get<TokenId>());
      return absl::OkStatus();
    });
  });
}

}  // namespace assay::engine
