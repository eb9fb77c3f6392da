// A folder with a tokenizer of the 256 bytes and special tokens, for tests of the files beside it.
#ifndef ASSAY_TESTS_ENGINE_TOKENIZER_BYTE_TOKENIZER_H_
#define ASSAY_TESTS_ENGINE_TOKENIZER_BYTE_TOKENIZER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/tokenizer/byte_alphabet.h"
#include "engine/tokenizer/tokenizer.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/engine/formats/file_fixture.h"

namespace assay::engine {

// Returns a tokenizer.json in which a byte is its own id, "<s>" is 256 and "</s>" is 257. `added`
// are further added tokens, each an object with "content" and flags; they have the next ids.
inline nlohmann::json ByteTokenizerJson(const std::vector<nlohmann::json>& added = {}) {
  nlohmann::json vocabulary = nlohmann::json::object();
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary[EncodeByteLevel(std::string(1, static_cast<char>(byte)))] = byte;
  }
  nlohmann::json tokens = nlohmann::json::array();
  for (const char* name : {"<s>", "</s>"}) {
    tokens.push_back({{"id", 256 + tokens.size()}, {"content", name}, {"special", true}});
  }
  for (nlohmann::json token : added) {
    token["id"] = 256 + tokens.size();
    tokens.push_back(std::move(token));
  }
  return {{"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", nlohmann::json::array()}}},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
          {"decoder", {{"type", "ByteLevel"}}},
          {"added_tokens", tokens}};
}

class ByteTokenizerTest : public FileTest {
 protected:
  void SetUp() override {
    FileTest::SetUp();
    Write("tokenizer.json", ByteTokenizerJson().dump());
  }

  std::unique_ptr<Tokenizer> Read() const {
    auto tokenizer = MakeTokenizerFromFolder(folder_);
    EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();
    return tokenizer.ok() ? *std::move(tokenizer) : nullptr;
  }
  // Writes tokenizer_config.json and reads the folder.
  std::unique_ptr<Tokenizer> ReadWith(const std::string& tokenizer_config) const {
    Write("tokenizer_config.json", tokenizer_config);
    return Read();
  }
};

// Returns the tokens of `text`, including special tokens but not those around the text.
inline std::vector<TokenId> EncodeSpecial(const Tokenizer& tokenizer, const std::string& text) {
  const auto ids = tokenizer.Encode(text, {.parse_special = true, .add_special = false});
  EXPECT_TRUE(ids.ok()) << ids.status();
  return ids.ok() ? *ids : std::vector<TokenId>{};
}

}  // namespace assay::engine

#endif  // ASSAY_TESTS_ENGINE_TOKENIZER_BYTE_TOKENIZER_H_
