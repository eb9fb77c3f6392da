// Tests of hiding secrets of the environment.
#include "base/environment_secrets.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace assay {
namespace {

TEST(EnvironmentSecretsTest, HidesSecretsByTheNameOfTheVariable) {
  setenv("SOME_API_KEY", "abcdef-123", 1);
  setenv("SOME_LONG_TOKEN", "abcdef-123-456", 1);
  setenv("SOME_PLAIN", "visible-value", 1);
  EXPECT_EQ(HideEnvironmentSecrets("a abcdef-123 b abcdef-123-456 c visible-value"),
            "a (SOME_API_KEY hidden) b (SOME_LONG_TOKEN hidden) c visible-value");
  unsetenv("SOME_API_KEY");
  unsetenv("SOME_LONG_TOKEN");
  unsetenv("SOME_PLAIN");
}

TEST(EnvironmentSecretsTest, HidesTheLoginOfUrls) {
  setenv("SOME_PROXY", "http://ada:pa55word@proxy:80/x@y", 1);
  EXPECT_EQ(HideEnvironmentSecrets("to http://ada:pa55word@proxy:80/x@y"),
            "to http://(hidden)@proxy:80/x@y");
  unsetenv("SOME_PROXY");
}

TEST(EnvironmentSecretsTest, KeepsTextsThatOccurByChance) {
  setenv("SOME_KEY", "a", 1);
  setenv("OTHER_KEY", "", 1);
  EXPECT_EQ(HideEnvironmentSecrets("a banana"), "a banana");
  unsetenv("SOME_KEY");
  unsetenv("OTHER_KEY");
}

}  // namespace
}  // namespace assay
