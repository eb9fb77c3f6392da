// Tests of SHA-1 and SHA-256.
#include "base/hashing.h"

#include "gtest/gtest.h"

namespace assay {
namespace {

// The examples of FIPS 180-4's test vectors.
TEST(HashingTest, Sha256MatchesTheTestVectors) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(HashingTest, PiecesHashLikeTheWhole) {
  HashStream stream(HashAlgorithm::kSha1);
  stream.Update("a");
  stream.Update("bc");
  EXPECT_EQ(stream.HexDigest(), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

}  // namespace
}  // namespace assay
