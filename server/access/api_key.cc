// A key with which a caller proves who it is, as it is stored.
#include "server/access/api_key.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/hashing.h"
#include "base/status_macros.h"
#include "openssl/crypto.h"
#include "openssl/rand.h"
#include "server/access/caller.h"

namespace assay::server {
namespace {

constexpr std::string_view kPrefix = "assay_";
constexpr size_t kIdBytes = 6;
constexpr size_t kSecretBytes = 32;
constexpr size_t kIdDigits = 2 * kIdBytes;
constexpr size_t kKeyLength = kPrefix.size() + kIdDigits + 1 + 2 * kSecretBytes;
constexpr size_t kMaxNameBytes = 64;
constexpr size_t kMaxModels = 100;
constexpr double kMinShare = 0.01;
constexpr double kMaxShare = 100;
constexpr size_t kMaxModelBytes = 128;

absl::Time LastTime() {
  return absl::FromCivil(absl::CivilSecond(9999, 12, 31), absl::UTCTimeZone());
}

absl::Status NotNegative(const char* field, int64_t value) {
  if (value >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", value, " is negative; give 0 for no limit, or more"));
}

absl::Status ValidateLimits(const KeyLimits& limits) {
  RETURN_IF_ERROR(NotNegative("requests_per_minute", limits.requests_per_minute));
  RETURN_IF_ERROR(NotNegative("max_concurrent", limits.max_concurrent));
  RETURN_IF_ERROR(NotNegative("tokens_per_day", limits.tokens_per_day));
  if (std::abs(limits.max_priority) > kHighestPriority) {
    return absl::InvalidArgumentError(absl::StrCat("max_priority: ", limits.max_priority,
                                                   " is out of range; give ", -kHighestPriority,
                                                   " to ", kHighestPriority));
  }
  if (!(limits.share >= kMinShare && limits.share <= kMaxShare)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "share: ", limits.share, " is out of range; give ", kMinShare, " to ", kMaxShare));
  }
  if (limits.models.size() > kMaxModels) {
    return absl::InvalidArgumentError(
        absl::StrCat("models: has ", limits.models.size(), " ids; at most ", kMaxModels));
  }
  for (const std::string& model : limits.models) {
    if (!model.empty() && model.size() <= kMaxModelBytes) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("models: an id has 1 to ", kMaxModelBytes, " bytes, not ", model.size()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<NewKey> DrawKey() {
  std::array<unsigned char, kIdBytes + kSecretBytes> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    return absl::InternalError("the machine has no random numbers for a key; try again later");
  }
  const std::string digits = absl::BytesToHexString(
      std::string(reinterpret_cast<const char*>(random.data()), random.size()));
  NewKey key{.id = digits.substr(0, kIdDigits)};
  key.text = absl::StrCat(std::string(kPrefix), key.id, "_", digits.substr(kIdDigits));
  key.hash = Sha256Hex(key.text);
  return key;
}

std::optional<std::string> IdOfKey(std::string_view text) {
  if (text.size() != kKeyLength || !text.starts_with(kPrefix)) return std::nullopt;
  return std::string(text.substr(kPrefix.size(), kIdDigits));
}

bool IsKey(const ApiKey& key, std::string_view text) {
  const std::string hash = Sha256Hex(text);
  return hash.size() == key.hash.size() &&
         CRYPTO_memcmp(hash.data(), key.hash.data(), hash.size()) == 0;
}

absl::Status ValidateKey(const ApiKey& key, absl::Time now) {
  const bool printable = std::all_of(key.name.begin(), key.name.end(), absl::ascii_isgraph);
  if (key.name.empty() || key.name.size() > kMaxNameBytes || !printable) {
    return absl::InvalidArgumentError(
        absl::StrCat("name: give 1 to ", kMaxNameBytes, " visible ASCII characters, no spaces"));
  }
  if (key.roles.empty()) {
    return absl::InvalidArgumentError(
        "roles: are empty; give one or more of generate, evaluate, metrics, admin");
  }
  if (key.expires_at <= now) {
    return absl::InvalidArgumentError(
        absl::StrCat("expires_at: ", absl::FormatTime(key.expires_at, absl::UTCTimeZone()),
                     " has passed; give a later time"));
  }
  // RFC 3339 has no later years.
  if (key.expires_at != absl::InfiniteFuture() && key.expires_at > LastTime()) {
    return absl::InvalidArgumentError(
        "expires_at: is after the year 9999; leave it out for a key that does not expire");
  }
  return ValidateLimits(key.limits);
}

}  // namespace assay::server
