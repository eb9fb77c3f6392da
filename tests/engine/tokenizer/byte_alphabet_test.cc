// GPT-2's byte alphabet.
#include "engine/tokenizer/byte_alphabet.h"

#include <string>

#include "gtest/gtest.h"

namespace assay::engine {
namespace {

TEST(ByteAlphabetTest, EveryByteSurvivesARoundTrip) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string bytes(1, static_cast<char>(byte));
    EXPECT_EQ(DecodeByteLevel(EncodeByteLevel(bytes)), bytes);
  }
  EXPECT_EQ(EncodeByteLevel(" the"), "Ġthe");
}

TEST(ByteAlphabetTest, OtherCharactersAreNotInTheAlphabet) {
  EXPECT_FALSE(DecodeByteLevel("世").has_value());
}

}  // namespace
}  // namespace assay::engine
