// Named pre-tokenizers compared with the pieces that `tokenizers` returns.
#include "engine/tokenizer/pre_tokenizer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/utf8.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace assay::engine {
namespace {

using testing::HasSubstr;

// Converts bytes to Latin-1, as make_pre_tokenizers.py does for pieces that may end within a
// character.
std::string Latin1(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) AppendUtf8(static_cast<uint8_t>(byte), &text);
  return text;
}

class PreTokenizerTest : public testing::TestWithParam<const char*> {};

TEST_P(PreTokenizerTest, SplitsLikeTokenizers) {
  std::ifstream file("tests/golden/text/pre_tokenizers.json");
  const auto golden = nlohmann::json::parse(file);
  const std::string name = GetParam();
  const auto steps = NamedPreTokenizer(name);
  ASSERT_TRUE(steps.ok()) << steps.status();
  const auto& in_bytes = golden["bytes"];
  const bool latin1 = std::find(in_bytes.begin(), in_bytes.end(), name) != in_bytes.end();
  size_t compared = 0;
  for (const auto& expected : golden["pieces"][name]) {
    const auto text = golden["texts"][compared++].get<std::string>();
    auto pieces = PreTokenize(*steps, text, /*starts_text=*/true);
    ASSERT_TRUE(pieces.ok()) << pieces.status();
    if (latin1) std::transform(pieces->begin(), pieces->end(), pieces->begin(), Latin1);
    EXPECT_EQ(*pieces, expected.get<std::vector<std::string>>()) << text;
  }
  EXPECT_GT(compared, 70);
}

INSTANTIATE_TEST_SUITE_P(Names, PreTokenizerTest,
                         testing::Values("gpt-2", "smollm", "llama-bpe", "qwen2", "tekken",
                                         "gpt-4o", "bloom", "falcon", "default"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(PreTokenizerNameTest, UnknownNamesAreRefused) {
  const absl::Status status = NamedPreTokenizer("gpt-1").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("'gpt-1' is not supported"));
}

}  // namespace
}  // namespace assay::engine
