// TEMPORARY until the tokenizers branch lands: byte-level BPE of a tokenizer.json.
#include <filesystem>
#include <string>

#include "engine/formats/json_file.h"
#include "engine/text/byte_level_tokenizer.h"
#include "engine/text/tokenizer.h"
#include "nlohmann/json.hpp"

namespace assay::engine {

absl::StatusOr<std::unique_ptr<Tokenizer>> MakeTokenizerFromFolder(const std::string& folder) {
  auto json = ReadJsonFile(folder + "/tokenizer.json", 64 << 20);
  if (!json.ok()) return json.status();
  ByteLevelVocabulary v;
  const auto& vocab = (*json)["model"]["vocab"];
  v.tokens.resize(vocab.size());
  for (const auto& [text, id] : vocab.items()) v.tokens[id.get<size_t>()] = {text, {}};
  v.pre_tokenizer = "gpt-2";
  return ByteLevelTokenizer::Make(v);
}

}  // namespace assay::engine
