// Makes the tokenizer of a Hugging Face folder.
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
#include "engine/tokenizer/added_token_list.h"
#include "engine/tokenizer/json_access.h"
#include "engine/tokenizer/pipeline_tokenizer.h"
#include "engine/tokenizer/sentencepiece_proto.h"
#include "engine/tokenizer/sentencepiece_tokenizer.h"
#include "engine/tokenizer/special_token_files.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/tokenizer_components.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMaxTokenizerBytes = 256 << 20;

absl::Status ReadAddedTokens(const Json& json, AddedTokenList* out) {
  const Json* added = FindMember(json, "added_tokens");
  if (added == nullptr) return absl::OkStatus();
  if (!added->is_array()) return WrongMember("added_tokens", "a list");
  for (const Json& token : *added) {
    ASSIGN_OR_RETURN(AddedToken read, ReadAddedToken(token));
    out->Add(std::move(read));
  }
  return absl::OkStatus();
}

absl::Status ReadParts(const Json& json, TokenizerParts* out) {
  if (const Json* normalizer = FindMember(json, "normalizer")) {
    RETURN_IF_ERROR(ReadNormalizer(*normalizer, &out->normalizer));
  }
  if (const Json* steps = FindMember(json, "pre_tokenizer")) {
    RETURN_IF_ERROR(ReadPreTokenizer(*steps, &out->pre_tokenizer));
  }
  const Json* model = FindMember(json, "model");
  if (model == nullptr) return WrongMember("model", "an object");
  RETURN_IF_ERROR(ReadTokenModel(*model, out));
  if (const Json* decoder = FindMember(json, "decoder")) {
    RETURN_IF_ERROR(ReadDecoder(*decoder, &out->decoder));
  } else {
    out->decoder.emplace_back(JoinWithSpacesStep{});
  }
  if (const Json* post = FindMember(json, "post_processor")) {
    RETURN_IF_ERROR(ReadPostProcessor(*post, out));
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
  std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  RETURN_IF_ERROR(Annotate(file->CheckUnchanged(), path));
  return text;
}

// Sets the steps that the class of a tokenizer has besides its vocabulary: those of Qwen2Tokenizer
// or GPT2Tokenizer.
absl::Status SetClassSteps(const std::filesystem::path& folder, Json* tokenizer) {
  absl::StatusOr<Json> config =
      ReadJsonFile((folder / "tokenizer_config.json").string(), kMaxTokenizerBytes);
  if (absl::IsNotFound(config.status())) config = Json::object();
  if (!config.ok()) return config.status();
  const absl::StatusOr<std::string> kind = StringMember(*config, "tokenizer_class");
  const absl::StatusOr<bool> prefix = BoolMember(*config, "add_prefix_space", false);
  Json byte_level = {{"type", "ByteLevel"}, {"add_prefix_space", prefix.value_or(false)}};
  if (kind.ok() && kind->starts_with("Qwen2Tokenizer")) {
    byte_level["use_regex"] = false;
    const Json split = {
        {"type", "Split"}, {"pattern", {{"Regex", Qwen2Pattern()}}}, {"behavior", "Isolated"}};
    byte_level = {{"type", "Sequence"}, {"pretokenizers", {split, byte_level}}};
    (*tokenizer)["normalizer"] = {{"type", "NFC"}};
  }
  (*tokenizer)["pre_tokenizer"] = std::move(byte_level);
  (*tokenizer)["decoder"] = {{"type", "ByteLevel"}};
  return absl::OkStatus();
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
  Json tokenizer = {
      {"model", {{"type", "BPE"}, {"vocab", std::move(vocabulary)}, {"merges", merges}}}};
  RETURN_IF_ERROR(SetClassSteps(folder, &tokenizer));
  return tokenizer;
}

absl::Status ReadSentencePiece(const std::string& path, TokenizerParts* parts,
                               AddedTokenList* added, Json* names) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadText(path));
  absl::StatusOr<SentencePieceProto> proto = ParseSentencePieceProto(bytes);
  if (!proto.ok()) {
    // Models with a tokenizer of tiktoken have such a file too.
    return absl::Status(proto.status().code(),
                        absl::StrCat(path, ": ", std::string(proto.status().message()),
                                     "; if it is a tiktoken file, save a tokenizer.json with "
                                     "transformers' save_pretrained()"));
  }
  RETURN_IF_ERROR(Annotate(ReadSentencePieceModel(*proto, parts), path));
  *added = AddedTokenList(parts);
  using Type = SentencePieceProto::Type;
  for (const SentencePieceProto::Piece& piece : proto->pieces) {
    if (piece.type != Type::kControl && piece.type != Type::kUserDefined) continue;
    added->Add({.content = piece.spelling, .special = piece.type == Type::kControl});
  }
  *names = SentencePieceNames(*proto);
  return absl::OkStatus();
}

absl::Status ReadJson(const Json& json, TokenizerParts* parts, AddedTokenList* added) {
  RETURN_IF_ERROR(ReadParts(json, parts));
  *added = AddedTokenList(parts);
  return ReadAddedTokens(json, added);
}

// Reads the first vocabulary that the folder has, and returns its path.
absl::StatusOr<std::string> ReadAnyVocabulary(const std::filesystem::path& folder,
                                              TokenizerParts* parts, AddedTokenList* added,
                                              TokenizerOrigin* origin) {
  std::string path = (folder / "tokenizer.json").string();
  absl::StatusOr<Json> json = ReadJsonFile(path, kMaxTokenizerBytes);
  origin->is_tokenizer_json = json.ok();
  if (absl::IsNotFound(json.status())) {
    path = (folder / "vocab.json").string();
    json = ReadVocabularyAndMerges(folder);
  }
  if (json.ok()) {
    RETURN_IF_ERROR(Annotate(ReadJson(*json, parts, added), path));
    return path;
  }
  if (!absl::IsNotFound(json.status())) return json.status();
  // T5 has its model under another name.
  for (const char* name : {"tokenizer.model", "spiece.model"}) {
    path = (folder / name).string();
    if (!std::filesystem::exists(path)) continue;
    RETURN_IF_ERROR(ReadSentencePiece(path, parts, added, &origin->names));
    return path;
  }
  return absl::NotFoundError(
      absl::StrCat(folder.string(),
                   ": has no tokenizer.json, no vocab.json with merges.txt, and no "
                   "tokenizer.model; save the tokenizer into it with save_pretrained()"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Tokenizer>> MakeTokenizerFromFolder(const std::string& folder) {
  const std::filesystem::path root(folder);
  TokenizerParts parts;
  AddedTokenList added(&parts);
  TokenizerOrigin origin;
  ASSIGN_OR_RETURN(const std::string path, ReadAnyVocabulary(root, &parts, &added, &origin));
  RETURN_IF_ERROR(ReadSpecialTokenFiles(root, origin, &parts, &added));
  absl::StatusOr<std::unique_ptr<Tokenizer>> tokenizer = PipelineTokenizer::Make(std::move(parts));
  if (!tokenizer.ok()) return Annotate(tokenizer.status(), path);
  return tokenizer;
}

}  // namespace assay::engine
