// Reads the post-processor of a tokenizer.json.
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "engine/tokenizer/component_access.h"
#include "engine/tokenizer/tokenizer_components.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

// Reads ["</s>", 2].
absl::Status ReadTokenPair(const Json& object, const char* key, std::vector<TokenId>* out) {
  const Json* pair = FindMember(object, key);
  const bool valid = pair != nullptr && pair->is_array() && pair->size() == 2 &&
                     (*pair)[1].is_number_unsigned() &&
                     (*pair)[1].get<uint64_t>() <= static_cast<uint64_t>(kMaxTokenId);
  if (!valid) return WrongMember(key, "a token and its id");
  out->push_back((*pair)[1].get<TokenId>());
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadPostProcessor(const Json& object, TokenizerParts* out) {
  ASSIGN_OR_RETURN(const std::string type, StringMember(object, "type"));
  if (type == "Sequence") {
    return ForEach(object, "processors", [&](const Json& o) { return ReadPostProcessor(o, out); });
  }
  // This post-processor changes only offsets.
  if (type == "ByteLevel") return absl::OkStatus();
  if (type == "BertProcessing" || type == "RobertaProcessing") {
    RETURN_IF_ERROR(ReadTokenPair(object, "cls", &out->prefix));
    return ReadTokenPair(object, "sep", &out->suffix);
  }
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
