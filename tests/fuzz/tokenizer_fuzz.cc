// Feeds any bytes to the readers of tokenizer.json, tokenizer.model and of GGUF tokenizers. Reading
// must not crash, and a tokenizer that is read must encode and decode any text within its
// vocabulary.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/utf8.h"
#include "engine/formats/gguf.h"
#include "engine/tokenizer/tokenizer.h"
#include "tests/fuzz/limits.h"
#include "tests/fuzz/require.h"
#include "tests/temp_folder.h"

namespace {

using assay::Require;
using assay::engine::GgufFile;
using assay::engine::TokenId;
using assay::engine::Tokenizer;

// Removed when the process ends, unless it crashes.
const std::filesystem::path& Folder() {
  static const assay::TempFolder folder;
  static const std::filesystem::path path = folder.path();
  return path;
}

absl::StatusOr<std::unique_ptr<Tokenizer>> Read(std::string_view bytes) {
  const bool is_gguf = bytes.starts_with("GGUF");
  // The first field of a SentencePiece model is a piece.
  const bool is_proto = bytes.starts_with('\n');
  const std::filesystem::path path = Folder() / (is_gguf    ? "model.gguf"
                                                 : is_proto ? "tokenizer.model"
                                                            : "tokenizer.json");
  std::filesystem::remove(Folder() / "tokenizer.json");
  std::ofstream(path, std::ios::binary) << bytes;
  if (!is_gguf) return assay::engine::MakeTokenizerFromFolder(Folder().string());
  const auto file = GgufFile::Open(path.string());
  if (!file.ok()) return file.status();
  return assay::engine::MakeTokenizer(**file);
}

void Use(const Tokenizer& tokenizer) {
  constexpr std::string_view kTexts[] = {"", " Hello world, it's 12345!  ", "<s> <|im_start|></s>",
                                         "gr\u00fc\u00dfe \u4f60\u597d \U0001F999 e\u0301\n\t\r\n"};
  for (const std::string_view text : kTexts) {
    for (const bool special : {true, false}) {
      const auto ids = tokenizer.Encode(text, {.parse_special = special, .add_special = special});
      // A pattern may exceed its work limit.
      if (!ids.ok()) continue;
      for (const TokenId id : *ids)
        Require(id >= 0 && id < tokenizer.vocab_size(), "ids are in range");
      const auto decoded = tokenizer.Decode(*ids, /*skip_special=*/!special);
      Require(decoded.ok(), "encoded ids can be decoded");
      Require(!assay::FindInvalidUtf8(*decoded).has_value(), "decoded texts are UTF-8");
    }
  }
  for (TokenId id = -1; id <= tokenizer.vocab_size(); ++id) {
    const bool named = !tokenizer.TokenBytes(id).empty() || tokenizer.IsSpecial(id);
    Require(!named || (id >= 0 && id < tokenizer.vocab_size()), "tokens are in range");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const assay::Limits limits(assay::Limits::Input::kFile, size);
  const auto tokenizer = Read({reinterpret_cast<const char*>(data), size});
  if (tokenizer.ok()) Use(**tokenizer);
  return 0;
}
