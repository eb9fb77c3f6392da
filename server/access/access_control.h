// Decides who may call what.
#ifndef ASSAY_SERVER_ACCESS_ACCESS_CONTROL_H_
#define ASSAY_SERVER_ACCESS_ACCESS_CONTROL_H_

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/access/caller.h"
#include "server/access/key_meter.h"
#include "server/access/key_store.h"
#include "server/access/role.h"

namespace assay::server {

// What a caller presents.
struct Credentials {
  // The value of the header "authorization": "Bearer KEY". Empty: there is none.
  std::string_view authorization;
  // The value of the header "x-api-key": a key. A bearer of `authorization` has precedence.
  std::string_view api_key;
  // The caller's address as gRPC formats it.
  std::string_view peer;
};

// The key that a caller presents, for the log.
struct PresentedKey {
  // Its name. Empty: there is no key, it is unknown, or keys are not looked at.
  std::string name;
  // True if no key has this text: it never existed, or it was revoked.
  bool is_unknown = false;
};

// A place among the calls that run with one key, until End() or its destruction. Thread-safe.
class Admission {
 public:
  explicit Admission(std::shared_ptr<KeyMeter> meter) : meter_(std::move(meter)) {}
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;
  ~Admission() { End(); }

  void End() {
    if (!ended_.exchange(true)) meter_->End();
  }

 private:
  const std::shared_ptr<KeyMeter> meter_;
  std::atomic<bool> ended_ = false;
};

// Thread-safe. A check costs a hash and a lookup.
class AccessControl {
 public:
  struct Options {
    // False: keys are not looked at, and every caller may do everything.
    bool keys_required = false;
    // Callers of the Unix socket are this user and root, and need no key. For messages.
    std::string unix_socket;
  };

  // `keys` must outlive this object. It may be null if no keys are required.
  AccessControl(Options options, KeyStore* keys) : options_(std::move(options)), keys_(keys) {}

  // The outcome of a check.
  struct Decision {
    // OK, UNAUTHENTICATED (no key, or no valid one), PERMISSION_DENIED (the key lacks the role) or
    // RESOURCE_EXHAUSTED (a limit of the key is reached).
    absl::Status status;
    // When the call may succeed; zero: unknown.
    absl::Duration retry_after;
    // Known unless UNAUTHENTICATED.
    Caller caller;
    // Must live until the call's reply is sent. Null if the caller has no key.
    std::shared_ptr<Admission> admission;
  };

  // Checks a call that one of the roles `allowed` may make. `what` names it in messages.
  Decision Admit(const Credentials& credentials, Roles allowed, std::string_view what) const;

  // Names the key, also of a call that is refused. Does not count as a call.
  PresentedKey KeyIn(const Credentials& credentials) const;

 private:
  absl::StatusOr<Caller> Identify(const Credentials& credentials) const;
  absl::Status MissingKey(std::string_view peer) const;

  const Options options_;
  KeyStore* const keys_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ACCESS_ACCESS_CONTROL_H_
