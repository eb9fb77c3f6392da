// A key with which a caller proves who it is, as it is stored.
#ifndef ASSAY_SERVER_ACCESS_API_KEY_H_
#define ASSAY_SERVER_ACCESS_API_KEY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/access/role.h"

namespace assay::server {

// What the callers with one key may use together. 0 means no limit.
struct KeyLimits {
  int64_t requests_per_minute = 0;
  int64_t max_concurrent = 0;
  // Prompt and generated tokens of one day in UTC.
  int64_t tokens_per_day = 0;
  // Requests of a higher priority run with this one.
  int max_priority = 0;
  // The share of a busy model, relative to the shares of other callers.
  double share = 1;
  // The ids of the models that may be used. Empty: all.
  std::vector<std::string> models;
};

struct ApiKey {
  // Public. Shown in logs.
  std::string id;
  // What its user calls it.
  std::string name;
  // The SHA-256 of the whole key, 64 hexadecimal digits. The key itself is known to its user alone.
  // Keys are random and long, so a hash without salt and stretching suffices.
  std::string hash;
  Roles roles;
  absl::Time created_at;
  absl::Time expires_at = absl::InfiniteFuture();
  KeyLimits limits;
};

// A key at the moment of its creation.
struct NewKey {
  // "assay_", the id, "_" and 256 random bits in hexadecimal. It cannot be found out again.
  std::string text;
  std::string id;
  std::string hash;
};

// Draws a key. INTERNAL: the machine has no random numbers.
absl::StatusOr<NewKey> DrawKey();

// Returns the id in a key; nothing if the text does not have the form of a key.
std::optional<std::string> IdOfKey(std::string_view text);

// True if the text is the key. Takes as long for wrong texts as for right ones.
bool IsKey(const ApiKey& key, std::string_view text);

// Checks what a user chose: name, roles, expiry and limits. INVALID_ARGUMENT names the field.
absl::Status ValidateKey(const ApiKey& key, absl::Time now);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ACCESS_API_KEY_H_
