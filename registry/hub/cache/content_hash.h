// The hash that the Hub uses as the name of a file's content.
#ifndef ASSAY_REGISTRY_HUB_CACHE_CONTENT_HASH_H_
#define ASSAY_REGISTRY_HUB_CACHE_CONTENT_HASH_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/hashing.h"

namespace assay::registry {

// Hashes a file of known size piece by piece. If the expected hash has 64 digits (an LFS file), it
// is the sha256 of the bytes; otherwise it is git's blob id, the sha1 of "blob <size>\0" and the
// bytes. Not thread-safe.
class ContentHash {
 public:
  ContentHash(std::string expected, int64_t size);

  // Discards all bytes.
  void Reset();
  void Update(std::string_view bytes);
  // Returns the hash in lower-case hexadecimal, or an empty string if OpenSSL refuses the
  // algorithm. Must be called at most once before the next Reset().
  std::string Digest();

 private:
  const std::string expected_;
  const int64_t size_;
  // Never null.
  std::unique_ptr<HashStream> hash_;
};

}  // namespace assay::registry

#endif  // ASSAY_REGISTRY_HUB_CACHE_CONTENT_HASH_H_
