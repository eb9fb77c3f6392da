// Makes the tokenizer of a Hugging Face folder.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "engine/formats/json_file.h"
#include "engine/formats/mapped_file.h"
#include "engine/formats/quoted.h"
#include "engine/tokenizer/bpe_model.h"
#include "engine/tokenizer/byte_pair_merges.h"
#include "engine/tokenizer/json_access.h"
#include "engine/tokenizer/pipeline_tokenizer.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/tokenizer_components.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMaxTokenizerBytes = 256 << 20;
constexpr int64_t kMaxConfigBytes = 16 << 20;

absl::Status ReadAddedToken(const Json& object, TokenizerParts* out) {
  ASSIGN_OR_RETURN(std::string content, StringMember(object, "content"));
  ASSIGN_OR_RETURN(const int64_t id, IntMember(object, "id", kMaxTokenId));
  AddedToken token{.content = std::move(content), .id = static_cast<TokenId>(id)};
  const std::pair<const char*, bool*> flags[] = {{"special", &token.special},
                                                 {"normalized", &token.normalized},
                                                 {"lstrip", &token.strip_left},
                                                 {"rstrip", &token.strip_right},
                                                 {"single_word", &token.single_word}};
  for (const auto& [key, flag] : flags) {
    ASSIGN_OR_RETURN(const bool value, BoolMember(object, key, false));
    *flag = value;
  }
  if (static_cast<size_t>(id) >= out->spellings.size() + kMaxIdGap) {
    return absl::DataLossError(absl::StrCat("the added token ", Quoted(token.content),
                                            " has the id ", id, ", far beyond the vocabulary of ",
                                            out->spellings.size(), " tokens"));
  }
  if (static_cast<size_t>(id) >= out->spellings.size()) {
    out->spellings.resize(static_cast<size_t>(id) + 1);
  }
  out->spellings[static_cast<size_t>(id)] = token.content;
  out->added.push_back(std::move(token));
  return absl::OkStatus();
}

absl::Status ReadParts(const Json& json, TokenizerParts* out) {
  if (const Json* normalizer = FindMember(json, "normalizer")) {
    RETURN_IF_ERROR(ReadNormalizer(*normalizer, &out->normalizer));
  }
  PreTokenizerParts pre;
  if (const Json* steps = FindMember(json, "pre_tokenizer")) {
    RETURN_IF_ERROR(ReadPreTokenizer(*steps, &pre));
  }
  out->pre_tokenizer = std::move(pre.steps);
  const Json* model = FindMember(json, "model");
  if (model == nullptr) return WrongMember("model", "an object");
  RETURN_IF_ERROR(ReadTokenModel(*model, pre.byte_level, out));
  out->decoding.byte_level = pre.byte_level;
  if (const Json* decoder = FindMember(json, "decoder")) {
    RETURN_IF_ERROR(ReadDecoder(*decoder, &out->decoding));
  }
  if (const Json* post = FindMember(json, "post_processor")) {
    RETURN_IF_ERROR(ReadPostProcessor(*post, out));
  }
  const Json* added = FindMember(json, "added_tokens");
  if (added == nullptr) return absl::OkStatus();
  if (!added->is_array()) return WrongMember("added_tokens", "a list");
  for (const Json& token : *added) {
    RETURN_IF_ERROR(ReadAddedToken(token, out));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadText(const std::string& path) {
  ASSIGN_OR_RETURN(const std::unique_ptr<MappedFile> file, MappedFile::Open(path));
  const auto bytes = file->bytes();
  if (static_cast<int64_t>(bytes.size()) > kMaxTokenizerBytes) {
    return absl::DataLossError(
        absl::StrCat(path, ": has ", bytes.size(), " bytes; at most ", kMaxTokenizerBytes));
  }
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// Reads GPT-2's two files, which predate tokenizer.json, and returns an equivalent tokenizer.json.
absl::StatusOr<Json> ReadVocabularyAndMerges(const std::filesystem::path& folder) {
  ASSIGN_OR_RETURN(Json vocabulary,
                   ReadJsonFile((folder / "vocab.json").string(), kMaxTokenizerBytes));
  ASSIGN_OR_RETURN(const std::string text, ReadText((folder / "merges.txt").string()));
  Json merges = Json::array();
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const absl::string_view merge = absl::StripSuffix(line, "\r");
    if (!merge.empty() && !(merges.empty() && absl::StartsWith(merge, "#version"))) {
      merges.push_back(std::string(merge));
    }
  }
  return Json{{"model", {{"type", "BPE"}, {"vocab", std::move(vocabulary)}, {"merges", merges}}},
              {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
              {"decoder", {{"type", "ByteLevel"}}}};
}

TokenId FindToken(const TokenizerParts& parts, const std::string& content) {
  for (const AddedToken& token : parts.added) {
    if (token.content == content) return token.id;
  }
  const auto it = std::find(parts.spellings.begin(), parts.spellings.end(), content);
  return it == parts.spellings.end() ? -1 : static_cast<TokenId>(it - parts.spellings.begin());
}

// Returns the id of the token that `key` names: "<s>" or {"content": "<s>", ...}. Returns -1 if the
// key is absent or the vocabulary has no such token.
TokenId ReadNamedToken(const Json& config, const char* key, TokenizerParts* parts) {
  const Json* value = FindMember(config, key);
  if (value == nullptr) return -1;
  const Json* content = value->is_object() ? FindMember(*value, "content") : value;
  if (content == nullptr || !content->is_string()) return -1;
  const auto spelling = content->get<std::string>();
  const TokenId id = FindToken(*parts, spelling);
  const bool known = std::any_of(parts->added.begin(), parts->added.end(),
                                 [&](const AddedToken& token) { return token.id == id; });
  // Files without a list of added tokens name special tokens only here.
  if (id != -1 && !known && !spelling.empty()) {
    parts->added.push_back({.content = spelling, .id = id, .special = true});
  }
  return id;
}

// Reads one id or a list of ids. Ids out of range are left out.
std::vector<TokenId> ReadIds(const Json& config, const char* key) {
  std::vector<TokenId> ids;
  const Json* value = FindMember(config, key);
  if (value == nullptr) return ids;
  for (const Json& id : value->is_array() ? *value : Json::array({*value})) {
    if (id.is_number_unsigned() && id.get<uint64_t>() <= static_cast<uint64_t>(kMaxTokenId)) {
      ids.push_back(id.get<TokenId>());
    }
  }
  return ids;
}

// Reads a file, or returns an empty object if it does not exist.
absl::StatusOr<Json> ReadConfig(const std::filesystem::path& folder, const char* name) {
  absl::StatusOr<Json> json = ReadJsonFile((folder / name).string(), kMaxConfigBytes);
  if (absl::IsNotFound(json.status())) return Json::object();
  return json;
}

absl::Status ReadSpecialTokens(const std::filesystem::path& folder, TokenizerParts* parts) {
  Json tokenizer = Json::object();
  for (const char* name : {"special_tokens_map.json", "tokenizer_config.json"}) {
    ASSIGN_OR_RETURN(const Json json, ReadConfig(folder, name));
    tokenizer.update(json);
  }
  parts->bos = ReadNamedToken(tokenizer, "bos_token", parts);
  parts->eos = ReadNamedToken(tokenizer, "eos_token", parts);
  for (const char* name : {"config.json", "generation_config.json"}) {
    ASSIGN_OR_RETURN(const Json json, ReadConfig(folder, name));
    const auto size = static_cast<TokenId>(parts->spellings.size());
    for (const TokenId id : ReadIds(json, "eos_token_id")) {
      if (id >= size) continue;
      parts->end_of_text.push_back(id);
      if (parts->eos == -1) parts->eos = id;
    }
    const std::vector<TokenId> bos = ReadIds(json, "bos_token_id");
    if (parts->bos == -1 && !bos.empty() && bos.front() < size) parts->bos = bos.front();
  }
  const bool add_bos = tokenizer.value("add_bos_token", Json()) == true;
  const bool add_eos = tokenizer.value("add_eos_token", Json()) == true;
  if (add_bos && parts->prefix.empty() && parts->bos != -1) parts->prefix = {parts->bos};
  if (add_eos && parts->suffix.empty() && parts->eos != -1) parts->suffix = {parts->eos};
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Tokenizer>> MakeTokenizerFromFolder(const std::string& folder) {
  const std::filesystem::path root(folder);
  std::string path = (root / "tokenizer.json").string();
  absl::StatusOr<Json> json = ReadJsonFile(path, kMaxTokenizerBytes);
  if (absl::IsNotFound(json.status())) {
    json = ReadVocabularyAndMerges(root);
    path = (root / "vocab.json").string();
  }
  if (absl::IsNotFound(json.status())) {
    return absl::NotFoundError(
        absl::StrCat(folder,
                     ": has neither tokenizer.json nor vocab.json and merges.txt; if it has only "
                     "tokenizer.model, make its tokenizer.json: load the folder with "
                     "transformers' AutoTokenizer and call save_pretrained()"));
  }
  if (!json.ok()) return json.status();
  TokenizerParts parts;
  RETURN_IF_ERROR(Annotate(ReadParts(*json, &parts), path));
  RETURN_IF_ERROR(ReadSpecialTokens(root, &parts));
  absl::StatusOr<std::unique_ptr<Tokenizer>> tokenizer = PipelineTokenizer::Make(std::move(parts));
  if (!tokenizer.ok()) return Annotate(tokenizer.status(), path);
  return tokenizer;
}

}  // namespace assay::engine
