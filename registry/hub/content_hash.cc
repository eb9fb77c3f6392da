// The hash by which the Hub names a file's content.
#include "registry/hub/content_hash.h"

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace assay::registry {
namespace {

constexpr size_t kSha256Digits = 64;

EVP_MD_CTX* Context(void* context) { return static_cast<EVP_MD_CTX*>(context); }

}  // namespace

ContentHash::ContentHash(std::string expected, int64_t size)
    : expected_(std::move(expected)), size_(size), context_(EVP_MD_CTX_new()) {
  Reset();
}

ContentHash::~ContentHash() { EVP_MD_CTX_free(Context(context_)); }

void ContentHash::Reset() {
  const bool is_lfs = expected_.size() == kSha256Digits;
  usable_ = context_ != nullptr &&
            EVP_DigestInit_ex(Context(context_), is_lfs ? EVP_sha256() : EVP_sha1(), nullptr) == 1;
  if (is_lfs) return;
  const std::string header = absl::StrCat("blob ", size_);
  // With the zero behind it.
  Update({header.c_str(), header.size() + 1});
}

void ContentHash::Update(std::string_view bytes) {
  usable_ = usable_ && EVP_DigestUpdate(Context(context_), bytes.data(), bytes.size()) == 1;
}

std::string ContentHash::Digest() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  usable_ = usable_ && EVP_DigestFinal_ex(Context(context_), digest.data(), &size) == 1;
  if (!usable_) return "";
  return absl::BytesToHexString(std::string(reinterpret_cast<const char*>(digest.data()), size));
}

}  // namespace assay::registry
