// The hash that the Hub uses as the name of a file's content.
#include "registry/hub/cache/content_hash.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

namespace assay::registry {
namespace {

constexpr size_t kSha256Digits = 64;

}  // namespace

ContentHash::ContentHash(std::string expected, int64_t size)
    : expected_(std::move(expected)), size_(size) {
  Reset();
}

void ContentHash::Reset() {
  const bool is_lfs = expected_.size() == kSha256Digits;
  hash_ = std::make_unique<HashStream>(is_lfs ? HashAlgorithm::kSha256 : HashAlgorithm::kSha1);
  if (is_lfs) return;
  const std::string header = absl::StrCat("blob ", size_);
  // git hashes the terminating zero too.
  Update({header.c_str(), header.size() + 1});
}

void ContentHash::Update(std::string_view bytes) { hash_->Update(bytes); }

std::string ContentHash::Digest() { return hash_->HexDigest(); }

}  // namespace assay::registry
