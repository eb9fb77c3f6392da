// Tests of the checks of repository ids and of quoting.
#include "registry/hub/cache/names.h"

#include <string>

#include "gtest/gtest.h"

namespace assay::registry {
namespace {

TEST(NamesTest, AcceptsRepositoryIdsOfTheHub) {
  for (const char* repo : {"gpt2", "HuggingFaceTB/SmolLM2-135M-Instruct", "a/b.c_d-e", "_x/y",
                           "TheBloke/Llama-2-7B-GGUF", "0x/1"}) {
    EXPECT_TRUE(CheckRepoId(repo).ok()) << repo;
  }
  for (const char* repo :
       {"-a/b", "a/-b", "a/b.", "a/", "/b", "a//b", ".", "..", "a/b\n", "a/%2e"}) {
    EXPECT_FALSE(CheckRepoId(repo).ok()) << repo;
  }
}

TEST(NamesTest, QuotingReplacesControlCharacters) {
  EXPECT_EQ(QuotedForMessage("a\x1b[31m\n"), "'a?[31m?'");
  EXPECT_EQ(QuotedForMessage(std::string(1000, 'x')).size(), 205U);
}

}  // namespace
}  // namespace assay::registry
