// The keys of a server, in a file of its state folder.
#ifndef ASSAY_SERVER_ACCESS_KEY_STORE_H_
#define ASSAY_SERVER_ACCESS_KEY_STORE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/access/api_key.h"
#include "server/access/key_meter.h"

namespace assay::server {

// A key with what was counted since the start. `last_used` is InfinitePast() if it was not used.
struct KeyState {
  ApiKey key;
  absl::Time last_used = absl::InfinitePast();
  int64_t tokens_today = 0;
};

// Thread-safe. Changes block until they are on the disk, and are not made if they cannot be
// written; Find() costs a hash and a lookup.
class KeyStore {
 public:
  // Reads the file. Errors are those of ReadKeyFile().
  static absl::StatusOr<std::unique_ptr<KeyStore>> Open(const std::string& path);
  // Saves the counted tokens.
  ~KeyStore();

  // Creates a key from a name, roles, expiry and limits, and returns it complete. Its text is
  // shown this once. INVALID_ARGUMENT names the field; ALREADY_EXISTS: the name is taken;
  // RESOURCE_EXHAUSTED: there are too many keys.
  absl::StatusOr<std::string> Create(ApiKey* key) ABSL_LOCKS_EXCLUDED(write_mutex_);
  // Removes the key with this id or name. NOT_FOUND: there is none.
  absl::StatusOr<ApiKey> Revoke(const std::string& id_or_name) ABSL_LOCKS_EXCLUDED(write_mutex_);
  // Returns the keys in the order of their creation.
  std::vector<KeyState> List() const ABSL_LOCKS_EXCLUDED(mutex_);

  // A key that was presented, with its meter.
  struct Found {
    std::shared_ptr<const ApiKey> key;
    std::shared_ptr<KeyMeter> meter;
  };
  // UNAUTHENTICATED: there is no such key, or it has expired. The message does not tell which part
  // of an unknown key is wrong.
  absl::StatusOr<Found> Find(std::string_view text, absl::Time now) ABSL_LOCKS_EXCLUDED(mutex_);

  // Returns the name of the key with this text, also of one that has expired. Returns nothing if
  // there is no such key. Does not count as a use.
  std::optional<std::string> NameOf(std::string_view text) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Writes the counted tokens to the file if they have changed. Called now and then.
  absl::Status SaveCounts() ABSL_LOCKS_EXCLUDED(write_mutex_);

 private:
  struct Entry {
    std::shared_ptr<const ApiKey> key;
    std::shared_ptr<KeyMeter> meter;
    absl::Time last_used = absl::InfinitePast();
  };
  using Entries = std::map<std::string, Entry>;

  explicit KeyStore(std::string path) : path_(std::move(path)) {}

  absl::Status Read() ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns the key with this text and its meter; null if there is none.
  Found Lookup(std::string_view text) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Does nothing if the file has these keys and counts already.
  absl::Status Write(const Entries& entries) ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  Entries entries() const ABSL_LOCKS_EXCLUDED(mutex_);

  const std::string path_;
  // Held while the file is written, so that Find() does not wait for the disk. Locked before
  // `mutex_`.
  absl::Mutex write_mutex_;
  mutable absl::Mutex mutex_;
  // By id.
  Entries entries_ ABSL_GUARDED_BY(mutex_);
  // The text of the file when it was written last.
  std::string written_ ABSL_GUARDED_BY(write_mutex_);
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ACCESS_KEY_STORE_H_
