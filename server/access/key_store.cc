// The keys of a server, in a file of its state folder.
#include "server/access/key_store.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "base/whole_file.h"
#include "server/access/key_file.h"

namespace assay::server {
namespace {

constexpr size_t kMaxKeys = 10'000;

absl::Status UnknownKey() {
  return absl::UnauthenticatedError(
      "authorization: the key is unknown or was revoked; ask an administrator for one (assay keys "
      "create)");
}

}  // namespace

absl::StatusOr<std::unique_ptr<KeyStore>> KeyStore::Open(const std::string& path) {
  auto store = std::unique_ptr<KeyStore>(new KeyStore(path));
  RETURN_IF_ERROR(store->Read());
  return store;
}

// Without room on the disk, the counts of the last minute are lost.
KeyStore::~KeyStore() { SaveCounts().IgnoreError(); }

absl::Status KeyStore::Read() {
  ASSIGN_OR_RETURN(std::vector<StoredKey> keys, ReadKeyFile(path_));
  const MutexLock lock(mutex_);
  for (StoredKey& stored : keys) {
    const std::string id = stored.key.id;
    auto meter = std::make_shared<KeyMeter>(stored.key.name, stored.key.limits, stored.spent);
    entries_[id] = {.key = std::make_shared<const ApiKey>(std::move(stored.key)),
                    .meter = std::move(meter)};
  }
  return absl::OkStatus();
}

absl::Status KeyStore::Write(const Entries& entries) {
  std::vector<StoredKey> keys;
  keys.reserve(entries.size());
  for (const auto& [id, entry] : entries) {
    keys.push_back({.key = *entry.key, .spent = entry.meter->spent()});
  }
  std::string text = KeyFileText(keys);
  if (text == written_) return absl::OkStatus();
  if (std::ssize(text) > kMaxKeyFileBytes) {
    return absl::ResourceExhaustedError(absl::StrCat("the keys take ", text.size(),
                                                     " bytes; at most ", kMaxKeyFileBytes,
                                                     ": revoke some first"));
  }
  RETURN_IF_ERROR(WriteWholeFile(path_, text, kPrivateFile));
  written_ = std::move(text);
  return absl::OkStatus();
}

absl::StatusOr<std::string> KeyStore::Create(ApiKey* key) {
  RETURN_IF_ERROR(ValidateKey(*key, absl::Now()));
  ASSIGN_OR_RETURN(NewKey drawn, DrawKey());
  key->id = drawn.id;
  key->hash = drawn.hash;
  key->created_at = absl::Now();
  const MutexLock writing(write_mutex_);
  Entries next = entries();
  if (next.size() >= kMaxKeys) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there are ", kMaxKeys, " keys; revoke some first"));
  }
  for (const auto& [id, entry] : next) {
    if (entry.key->name != key->name) continue;
    return absl::AlreadyExistsError(absl::StrCat("name: key ", id, " is called ", key->name,
                                                 "; choose another name, or revoke it first"));
  }
  const Entry& created =
      next[key->id] = {.key = std::make_shared<const ApiKey>(*key),
                       .meter = std::make_shared<KeyMeter>(key->name, key->limits, TokenCount{})};
  RETURN_IF_ERROR(Write(next));
  const MutexLock lock(mutex_);
  entries_[key->id] = created;
  return drawn.text;
}

absl::StatusOr<ApiKey> KeyStore::Revoke(const std::string& id_or_name) {
  const MutexLock writing(write_mutex_);
  Entries next = entries();
  const auto found = std::find_if(next.begin(), next.end(), [&](const auto& entry) {
    return entry.first == id_or_name || entry.second.key->name == id_or_name;
  });
  if (found == next.end()) {
    return absl::NotFoundError(
        absl::StrCat("key: ", id_or_name, " is neither the id nor the name of a key"));
  }
  ApiKey revoked = *found->second.key;
  next.erase(found);
  RETURN_IF_ERROR(Write(next));
  const MutexLock lock(mutex_);
  entries_.erase(revoked.id);
  return revoked;
}

KeyStore::Entries KeyStore::entries() const {
  const MutexLock lock(mutex_);
  return entries_;
}

std::vector<KeyState> KeyStore::List() const {
  std::vector<KeyState> keys;
  for (const auto& [id, entry] : entries()) {
    keys.push_back({.key = *entry.key,
                    .last_used = entry.last_used,
                    .tokens_today = entry.meter->TokensToday(absl::Now())});
  }
  std::sort(keys.begin(), keys.end(), [](const KeyState& a, const KeyState& b) {
    return a.key.created_at < b.key.created_at;
  });
  return keys;
}

KeyStore::Found KeyStore::Lookup(std::string_view text) const {
  const std::optional<std::string> id = IdOfKey(text);
  if (!id.has_value()) return {};
  Found found;
  {
    const MutexLock lock(mutex_);
    const auto entry = entries_.find(*id);
    if (entry == entries_.end()) return {};
    found = {.key = entry->second.key, .meter = entry->second.meter};
  }
  return IsKey(*found.key, text) ? found : Found();
}

absl::StatusOr<KeyStore::Found> KeyStore::Find(std::string_view text, absl::Time now) {
  Found found = Lookup(text);
  if (found.key == nullptr) return UnknownKey();
  if (found.key->expires_at <= now) {
    return absl::UnauthenticatedError(absl::StrCat(
        "authorization: key ", found.key->name, " expired at ",
        absl::FormatTime(found.key->expires_at, absl::UTCTimeZone()), "; ask for a new one"));
  }
  const MutexLock lock(mutex_);
  // Revoked a moment ago.
  const auto entry = entries_.find(found.key->id);
  if (entry == entries_.end()) return UnknownKey();
  entry->second.last_used = now;
  return found;
}

std::optional<std::string> KeyStore::NameOf(std::string_view text) const {
  const Found found = Lookup(text);
  if (found.key == nullptr) return std::nullopt;
  return found.key->name;
}

absl::Status KeyStore::SaveCounts() {
  const MutexLock writing(write_mutex_);
  return Write(entries());
}

}  // namespace assay::server
