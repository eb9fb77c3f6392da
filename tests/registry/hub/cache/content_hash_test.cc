// Tests of content hashes.
#include "registry/hub/cache/content_hash.h"

#include "gtest/gtest.h"

namespace assay::registry {
namespace {

// The hashes are from `git hash-object` and `sha256sum`.
TEST(ContentHashTest, MatchesGitAndSha256sum) {
  ContentHash empty("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", 0);
  EXPECT_EQ(empty.Digest(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  ContentHash hello("ce013625030ba8dba906f756967f9e9ca394464a", 6);
  hello.Update("hel");
  hello.Update("lo\n");
  EXPECT_EQ(hello.Digest(), "ce013625030ba8dba906f756967f9e9ca394464a");
  ContentHash lfs("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03", 6);
  lfs.Update("wrong");
  lfs.Reset();
  lfs.Update("hello\n");
  EXPECT_EQ(lfs.Digest(), "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
}

}  // namespace
}  // namespace assay::registry
