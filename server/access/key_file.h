// Reads files of keys and makes their text.
#ifndef ASSAY_SERVER_ACCESS_KEY_FILE_H_
#define ASSAY_SERVER_ACCESS_KEY_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/access/api_key.h"
#include "server/access/key_meter.h"

namespace assay::server {

struct StoredKey {
  ApiKey key;
  TokenCount spent;
};

// The largest file of keys in bytes.
inline constexpr int64_t kMaxKeyFileBytes = int64_t{64} << 20;

// JSON: {"version": 1, "keys": [...]}. Times are RFC 3339.
std::string KeyFileText(const std::vector<StoredKey>& keys);

// INVALID_ARGUMENT names the key and what is wrong with it.
absl::StatusOr<std::vector<StoredKey>> ParseKeyFile(std::string_view text);

// Reads the file; without a file there are no keys. Errors name the file: INVALID_ARGUMENT (not a
// file of keys), PERMISSION_DENIED.
absl::StatusOr<std::vector<StoredKey>> ReadKeyFile(const std::string& path);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ACCESS_KEY_FILE_H_
