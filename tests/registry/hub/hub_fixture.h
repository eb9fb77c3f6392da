// A fixture with a fake Hub that has a small model, and an empty cache.
#ifndef ASSAY_TESTS_REGISTRY_HUB_HUB_FIXTURE_H_
#define ASSAY_TESTS_REGISTRY_HUB_HUB_FIXTURE_H_

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "registry/hub/downloader.h"
#include "registry/hub/options.h"
#include "tests/registry/hub/fake_hub.h"

namespace assay::registry {

// Returns random bytes that do not repeat within the sizes of the tests, so that bytes at a wrong
// offset are detected.
std::string Content(size_t size, unsigned int seed);

std::string ReadAll(const std::filesystem::path& path);

class HubFixture : public testing::Test {
 protected:
  static constexpr size_t kWeightsBytes = 3 << 20;

  HubFixture();
  ~HubFixture() override;

  absl::StatusOr<PullResult> Pull(const PullRequest& request = {.repo = "org/model"});
  // Pulls and returns the error message.
  std::string Message(const PullRequest& request = {.repo = "org/model"});

  std::filesystem::path Blob(const std::string& name);
  std::filesystem::path Incomplete(const std::string& name);
  std::filesystem::path Snapshot(const std::string& name) const;
  // Returns the number of files in blobs/ that are not complete blobs.
  int Leftovers();

  FakeHub hub_;
  std::filesystem::path cache_;
  std::filesystem::path repo_;
  HubOptions options_;
};

}  // namespace assay::registry

#endif  // ASSAY_TESTS_REGISTRY_HUB_HUB_FIXTURE_H_
