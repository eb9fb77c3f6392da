// A hash that is the same on every machine and after every restart.
#include "registry/routing/request_hash.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/hashing.h"

namespace assay::registry {

double UnitHash(std::initializer_list<std::string_view> parts) {
  constexpr int kBits = 53;
  constexpr int kHexadecimal = 16;
  // The first 64 bits of the digest.
  constexpr size_t kDigits = 16;
  std::string text;
  for (const std::string_view part : parts) {
    absl::StrAppend(&text, part.size(), ":", std::string(part));
  }
  const std::string digest = Sha256Hex(text).substr(0, kDigits);
  uint64_t bits = 0;
  std::from_chars(digest.data(), digest.data() + digest.size(), bits, kHexadecimal);
  // Adding one half excludes 0 and 1.
  return std::ldexp(static_cast<double>(bits >> (64 - kBits)) + 0.5, -kBits);
}

}  // namespace assay::registry
