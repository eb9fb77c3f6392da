// Tests of the options from the environment.
#include "registry/hub/options.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace assay::registry {
namespace {

namespace fs = std::filesystem;

class OptionsTest : public testing::Test {
 protected:
  OptionsTest() {
    for (const char* name :
         {"HF_ENDPOINT", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HOME",
          "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME", "HF_HUB_OFFLINE",
          "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "SSL_CERT_FILE"}) {
      unsetenv(name);
    }
    folder_ = fs::path(testing::TempDir()) / absl::StrCat("hub_options.", getpid());
    fs::create_directories(folder_);
    setenv("HOME", folder_.c_str(), 1);
  }
  ~OptionsTest() override { fs::remove_all(folder_); }
  static void Set(const char* name, const std::string& value) { setenv(name, value.c_str(), 1); }

  fs::path folder_;
};

TEST_F(OptionsTest, DefaultsToTheHubAndTheHomeFolder) {
  const HubOptions options = HubOptions::FromEnvironment();
  EXPECT_EQ(options.endpoint, "https://huggingface.co");
  EXPECT_EQ(options.token, "");
  EXPECT_EQ(options.cache_folder, folder_.string() + "/.cache/huggingface/hub");
  EXPECT_FALSE(options.offline);
  EXPECT_EQ(options.timeout, absl::Minutes(30));
  EXPECT_EQ(options.no_progress_timeout, absl::Seconds(60));
}

TEST_F(OptionsTest, TheMostSpecificCacheVariableWins) {
  Set("XDG_CACHE_HOME", "/xdg");
  EXPECT_EQ(HubCacheFolder(), "/xdg/huggingface/hub");
  Set("HF_HOME", "~/hf");
  EXPECT_EQ(HubCacheFolder(), folder_.string() + "/hf/hub");
  Set("HUGGINGFACE_HUB_CACHE", "/old");
  EXPECT_EQ(HubCacheFolder(), "/old");
  Set("HF_HUB_CACHE", "/new");
  EXPECT_EQ(HubCacheFolder(), "/new");
}

TEST_F(OptionsTest, ReadsTheTokenFromVariablesAndFiles) {
  Set("HF_HOME", folder_.string());
  std::ofstream(folder_ / "token") << "hf_file\n";
  EXPECT_EQ(HubOptions::FromEnvironment().token, "hf_file");
  std::ofstream(folder_ / "other") << "hf_other\r\n";
  Set("HF_TOKEN_PATH", (folder_ / "other").string());
  EXPECT_EQ(HubOptions::FromEnvironment().token, "hf_other");
  Set("HF_TOKEN", " hf_variable\n");
  EXPECT_EQ(HubOptions::FromEnvironment().token, "hf_variable");
  Set("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1");
  EXPECT_EQ(HubOptions::FromEnvironment().token, "");
}

TEST_F(OptionsTest, ReadsOfflineAndEndpoint) {
  Set("HF_ENDPOINT", "https://mirror.example/hub//");
  EXPECT_EQ(HubOptions::FromEnvironment().endpoint, "https://mirror.example/hub");
  for (const auto& [value, offline] :
       std::vector<std::pair<std::string, bool>>{{"1", true}, {"True", true}, {"0", false}}) {
    Set("HF_HUB_OFFLINE", value);
    EXPECT_EQ(HubOptions::FromEnvironment().offline, offline) << value;
  }
}

}  // namespace
}  // namespace assay::registry
