// Compares a tokenizer with the golden files of the Python package `tokenizers`.
#ifndef ASSAY_TESTS_ENGINE_TOKENIZER_GOLDEN_STRINGS_H_
#define ASSAY_TESTS_ENGINE_TOKENIZER_GOLDEN_STRINGS_H_

#include <fstream>
#include <string>
#include <vector>

#include "engine/tokenizer/tokenizer.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace assay::engine {

// Expects the ids and the decoded text of every line of golden.jsonl in `folder`.
inline void ExpectGolden(const Tokenizer& tokenizer, const std::string& folder) {
  std::ifstream lines(folder + "/golden.jsonl");
  int compared = 0;
  for (std::string line; std::getline(lines, line); ++compared) {
    const auto golden = nlohmann::json::parse(line);
    const auto text = golden["text"].get<std::string>();
    const auto full = golden["full"].get<std::vector<TokenId>>();
    SCOPED_TRACE(text);
    const auto ids = tokenizer.Encode(text, {.parse_special = true, .add_special = false});
    ASSERT_TRUE(ids.ok()) << ids.status();
    EXPECT_EQ(*ids, golden["ids"].get<std::vector<TokenId>>());
    EXPECT_EQ(*tokenizer.Encode(text, {.parse_special = true}), full);
    EXPECT_EQ(*tokenizer.Decode(full, /*skip_special=*/true), golden["decoded"].get<std::string>());
  }
  EXPECT_GT(compared, 100);
}

}  // namespace assay::engine

#endif  // ASSAY_TESTS_ENGINE_TOKENIZER_GOLDEN_STRINGS_H_
