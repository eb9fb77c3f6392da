// The hash by which the Hub names a file's content.
#ifndef ASSAY_REGISTRY_HUB_CACHE_CONTENT_HASH_H_
#define ASSAY_REGISTRY_HUB_CACHE_CONTENT_HASH_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hashing.h"

namespace assay::registry {

// Hashes a file of known size piece by piece: sha256 of its bytes where the expected hash has 64
// digits (LFS files), else what git calls a blob by, the sha1 of "blob <size>\0" and the bytes. Not
// thread-safe.
class ContentHash {
 public:
  ContentHash(std::string expected, int64_t size);

  // Back to before the first byte.
  void Reset();
  void Update(std::string_view bytes);
  // Lower-case hexadecimal; empty where OpenSSL refuses the algorithm. Once, until the next
  // Reset().
  std::string Digest();

 private:
  const std::string expected_;
  const int64_t size_;
  std::optional<HashStream> hash_;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_CACHE_CONTENT_HASH_H_
