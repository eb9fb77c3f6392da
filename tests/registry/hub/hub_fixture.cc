// A fixture with a fake Hub that has a small model, and an empty cache.
#include "tests/registry/hub/hub_fixture.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/call_context.h"
#include "tests/patience.h"

namespace assay::registry {

namespace fs = std::filesystem;

std::string Content(size_t size, unsigned int seed) {
  std::mt19937 random(seed);
  std::string content(size, '\0');
  for (char& c : content) c = static_cast<char>(random());
  return content;
}

std::string ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

HubFixture::HubFixture() {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  cache_ = fs::path(testing::TempDir()) / absl::StrCat("hub.", getpid(), ".", test->name());
  fs::remove_all(cache_);
  repo_ = cache_ / "models--org--model";
  hub_.AddFile("config.json", "{\"model_type\": \"llama\"}", /*lfs=*/false);
  hub_.AddFile("tokenizer.json", "{\"version\": \"1.0\"}", /*lfs=*/false);
  hub_.AddFile("model.safetensors", Content(kWeightsBytes, 1), /*lfs=*/true);
  options_.endpoint = hub_.Url();
  options_.cache_folder = cache_.string();
  options_.first_backoff = absl::Milliseconds(10);
  options_.max_backoff = absl::Milliseconds(40);
  options_.retries = 3;
  options_.timeout = Patience();
}

HubFixture::~HubFixture() { fs::remove_all(cache_); }

absl::StatusOr<PullResult> HubFixture::Pull(const PullRequest& request) {
  const absl::StatusOr<HubDownloader> downloader = HubDownloader::Create(options_);
  if (!downloader.ok()) return downloader.status();
  return downloader->Pull(request, nullptr, CallContext());
}

std::string HubFixture::Message(const PullRequest& request) {
  return std::string(Pull(request).status().message());
}

fs::path HubFixture::Blob(const std::string& name) { return repo_ / "blobs" / hub_.Hash(name); }

fs::path HubFixture::Incomplete(const std::string& name) {
  return Blob(name).string() + ".incomplete";
}

fs::path HubFixture::Snapshot(const std::string& name) const {
  return repo_ / "snapshots" / FakeHub::kCommit / name;
}

int HubFixture::Leftovers() {
  if (!fs::exists(repo_ / "blobs")) return 0;
  int count = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(repo_ / "blobs")) {
    count += entry.path().extension().empty() ? 0 : 1;
  }
  return count;
}

}  // namespace assay::registry
