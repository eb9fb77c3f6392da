// A tokenizer out of GGUF metadata (keys:
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
#include "engine/text/gguf_tokenizer.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "engine/text/tokenizer.h"

namespace assay::engine {
namespace {

using Kind = ByteLevelVocabulary::Kind;

constexpr char kByteLevelModel[] = "gpt2";
constexpr size_t kMaxVocabulary = size_t{1} << 22;

absl::StatusOr<Kind> ToKind(int64_t type) {
  constexpr int64_t kNormal = 1;
  constexpr int64_t kUnknown = 2;
  constexpr int64_t kControl = 3;
  constexpr int64_t kUserDefined = 4;
  constexpr int64_t kUnused = 5;
  switch (type) {
    case kNormal:
    case kUnused:
      return Kind::kNormal;
    case kUnknown:
    case kControl:
      return Kind::kControl;
    case kUserDefined:
      return Kind::kUserDefined;
    default:
      return absl::DataLossError(absl::StrCat("has the unknown value ", type));
  }
}

// -1 without the key.
absl::StatusOr<TokenId> ReadId(const GgufFile& file, const char* key, size_t vocabulary) {
  if (!file.HasKey(key)) return TokenId{-1};
  absl::StatusOr<int64_t> id = file.GetInt(key, 0, static_cast<int64_t>(vocabulary) - 1);
  if (!id.ok()) return id.status();
  return static_cast<TokenId>(*id);
}

absl::StatusOr<bool> ReadFlag(const GgufFile& file, const char* key) {
  return file.HasKey(key) ? file.GetBool(key) : false;
}

absl::Status ReadTokens(const GgufFile& file, ByteLevelVocabulary* out) {
  const auto tokens = file.GetStrings("tokenizer.ggml.tokens");
  if (!tokens.ok()) return tokens.status();
  if ((*tokens)->empty() || (*tokens)->size() > kMaxVocabulary) {
    return absl::DataLossError(
        absl::StrCat(file.path(), ": tokenizer.ggml.tokens has ", (*tokens)->size(), " entries"));
  }
  std::vector<int64_t> types((*tokens)->size(), 1);
  if (file.HasKey("tokenizer.ggml.token_type")) {
    absl::StatusOr<std::vector<int64_t>> read = file.GetInts("tokenizer.ggml.token_type");
    if (!read.ok()) return read.status();
    if (read->size() != types.size()) {
      return absl::DataLossError(absl::StrCat(file.path(), ": tokenizer.ggml.token_type has ",
                                              read->size(), " entries for ", types.size(),
                                              " tokens"));
    }
    types = *std::move(read);
  }
  out->tokens.reserve(types.size());
  for (size_t i = 0; i < types.size(); ++i) {
    const absl::StatusOr<Kind> kind = ToKind(types[i]);
    if (!kind.ok()) {
      return absl::DataLossError(absl::StrCat(file.path(), ": tokenizer.ggml.token_type[", i, "] ",
                                              kind.status().message()));
    }
    out->tokens.push_back({(**tokens)[i], *kind});
  }
  return absl::OkStatus();
}

absl::Status ReadSpecialIds(const GgufFile& file, ByteLevelVocabulary* out) {
  const size_t size = out->tokens.size();
  const absl::StatusOr<TokenId> bos = ReadId(file, "tokenizer.ggml.bos_token_id", size);
  if (!bos.ok()) return bos.status();
  const absl::StatusOr<TokenId> eos = ReadId(file, "tokenizer.ggml.eos_token_id", size);
  if (!eos.ok()) return eos.status();
  const absl::StatusOr<bool> add_bos = ReadFlag(file, "tokenizer.ggml.add_bos_token");
  if (!add_bos.ok()) return add_bos.status();
  const absl::StatusOr<bool> add_eos = ReadFlag(file, "tokenizer.ggml.add_eos_token");
  if (!add_eos.ok()) return add_eos.status();
  out->bos = *bos;
  out->eos = *eos;
  out->add_bos = *add_bos;
  out->add_eos = *add_eos;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ByteLevelVocabulary> ReadByteLevelVocabulary(const GgufFile& file) {
  const absl::StatusOr<std::string> model = file.GetString("tokenizer.ggml.model");
  if (!model.ok()) return model.status();
  if (*model != kByteLevelModel) {
    return absl::UnimplementedError(absl::StrCat(file.path(), ": tokenizer model '", *model,
                                                 "' is not read yet; ", kByteLevelModel, " is"));
  }
  ByteLevelVocabulary vocabulary;
  const absl::StatusOr<std::string> pre = file.GetString("tokenizer.ggml.pre");
  if (!pre.ok()) return pre.status();
  vocabulary.pre_tokenizer = *pre;
  if (absl::Status s = ReadTokens(file, &vocabulary); !s.ok()) return s;
  const auto merges = file.GetStrings("tokenizer.ggml.merges");
  if (!merges.ok()) return merges.status();
  vocabulary.merges = **merges;
  if (absl::Status s = ReadSpecialIds(file, &vocabulary); !s.ok()) return s;
  return vocabulary;
}

absl::StatusOr<std::unique_ptr<Tokenizer>> MakeTokenizer(const GgufFile& file) {
  absl::StatusOr<ByteLevelVocabulary> vocabulary = ReadByteLevelVocabulary(file);
  if (!vocabulary.ok()) return vocabulary.status();
  absl::StatusOr<std::unique_ptr<Tokenizer>> tokenizer = ByteLevelTokenizer::Make(*vocabulary);
  if (tokenizer.ok()) return tokenizer;
  return absl::Status(tokenizer.status().code(),
                      absl::StrCat(file.path(), ": ", tokenizer.status().message()));
}

}  // namespace assay::engine
