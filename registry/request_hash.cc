// A stable hash.
#include "registry/request_hash.h"

#include <openssl/sha.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace assay::registry {

double UnitHash(std::initializer_list<std::string_view> parts) {
  constexpr int kBits = 53;
  std::string text;
  for (const std::string_view part : parts) {
    absl::StrAppend(&text, part.size(), ":", std::string(part));
  }
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  uint64_t bits = 0;
  for (size_t i = 0; i < sizeof bits; ++i) bits = bits << 8 | digest[i];
  // The half keeps it off both ends.
  return std::ldexp(static_cast<double>(bits >> (64 - kBits)) + 0.5, -kBits);
}

}  // namespace assay::registry
