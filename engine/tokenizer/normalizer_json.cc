// Reads the normalizer of a tokenizer.json.
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "base/status_macros.h"
#include "engine/tokenizer/component_access.h"
#include "engine/tokenizer/tokenizer_components.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

absl::Status ReadReplace(const Json& object, std::vector<NormalizerStep>* out) {
  ASSIGN_OR_RETURN(unicode::Regex pattern, ReadPattern(object));
  ASSIGN_OR_RETURN(std::string content, StringMember(object, "content"));
  out->emplace_back(Replace{std::move(pattern), std::move(content)});
  return absl::OkStatus();
}

absl::Status ReadPrepend(const Json& object, std::vector<NormalizerStep>* out) {
  ASSIGN_OR_RETURN(std::string text, StringMember(object, "prepend"));
  out->emplace_back(Prepend{std::move(text)});
  return absl::OkStatus();
}

absl::Status ReadStrip(const Json& object, std::vector<NormalizerStep>* out) {
  ASSIGN_OR_RETURN(const bool left, BoolMember(object, "strip_left", true));
  ASSIGN_OR_RETURN(const bool right, BoolMember(object, "strip_right", true));
  out->emplace_back(StripSpaces{left, right});
  return absl::OkStatus();
}

absl::Status ReadBert(const Json& object, std::vector<NormalizerStep>* out) {
  BertRules rules;
  ASSIGN_OR_RETURN(rules.clean_text, BoolMember(object, "clean_text", true));
  ASSIGN_OR_RETURN(rules.separate_chinese, BoolMember(object, "handle_chinese_chars", true));
  ASSIGN_OR_RETURN(rules.lowercase, BoolMember(object, "lowercase", true));
  ASSIGN_OR_RETURN(rules.strip_accents, BoolMember(object, "strip_accents", rules.lowercase));
  out->emplace_back(rules);
  return absl::OkStatus();
}

absl::Status ReadPrecompiled(const Json& object, std::vector<NormalizerStep>* out) {
  ASSIGN_OR_RETURN(const std::string encoded, StringMember(object, "precompiled_charsmap"));
  std::string bytes;
  if (!absl::Base64Unescape(encoded, &bytes)) return WrongMember("precompiled_charsmap", "base64");
  ASSIGN_OR_RETURN(CharsMap map, CharsMap::Parse(bytes));
  out->emplace_back(Precompiled{std::move(map)});
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadNormalizer(const Json& object, std::vector<NormalizerStep>* out) {
  ASSIGN_OR_RETURN(const std::string type, StringMember(object, "type"));
  if (type == "Sequence") {
    return ForEach(object, "normalizers", [&](const Json& o) { return ReadNormalizer(o, out); });
  }
  if (type == "Replace") return ReadReplace(object, out);
  if (type == "Prepend") return ReadPrepend(object, out);
  if (type == "Strip") return ReadStrip(object, out);
  if (type == "BertNormalizer") return ReadBert(object, out);
  if (type == "Precompiled") return ReadPrecompiled(object, out);
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
  } else if (type == "StripAccents") {
    out->emplace_back(StripAccents{});
  } else if (type == "Nmt") {
    out->emplace_back(NmtRules{});
  } else if (type == "ByteLevel") {
    out->emplace_back(EncodeBytes{});
  } else {
    return Unsupported("normalizer", type);
  }
  return absl::OkStatus();
}

}  // namespace assay::engine
