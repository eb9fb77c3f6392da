// The text of a file of keys.
#ifndef ASSAY_SERVER_ACCESS_KEY_FILE_H_
#define ASSAY_SERVER_ACCESS_KEY_FILE_H_

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

// JSON: {"version": 1, "keys": [...]}. Times are RFC 3339.
std::string KeyFileText(const std::vector<StoredKey>& keys);

// INVALID_ARGUMENT names the key and what is wrong with it.
absl::StatusOr<std::vector<StoredKey>> ParseKeyFile(std::string_view text);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ACCESS_KEY_FILE_H_
