// The parts that decide who may connect and call.
#include "server/access_stack.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "server/access/key_file.h"
#include "server/access/role.h"
#include "server/events/log.h"
#include "server/tls/certificate_files.h"

namespace assay::server {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kSaveInterval = absl::Minutes(1);
// A certificate that expires within this time is warned of.
constexpr absl::Duration kExpiryWarning = absl::Hours(14 * 24);
constexpr int64_t kAuditBytes = int64_t{32} << 20;

std::string TimeText(absl::Time time) { return absl::FormatTime(time, absl::UTCTimeZone()); }

void LogCertificates(const Certificates& certificates) {
  const bool soon = certificates.expires_at < absl::Now() + kExpiryWarning;
  LogEvent(soon ? spdlog::level::warn : spdlog::level::info, "certificate",
           {{"expires_at", TimeText(certificates.expires_at)},
            {"days_left", absl::ToInt64Hours(certificates.expires_at - absl::Now()) / 24}});
}

std::string CopiesFolder(const Config& config) { return config.state_dir + "/tls"; }
std::string KeyPath(const Config& config) { return config.state_dir + "/keys.json"; }

// True if the audit log is in a folder that the start creates together with the state folder.
bool IsInNewFolder(const Config& config) {
  const fs::path folder = fs::path(config.access.audit_log).parent_path();
  const fs::path state = fs::path(config.state_dir).lexically_relative(folder);
  std::error_code error;
  return !fs::exists(folder, error) && !state.empty() && *state.begin() != "..";
}

void WarnWithoutWayIn(const Config& config, const KeyStore& keys) {
  if (!config.access.keys_required || !config.access.unix_socket.empty()) return;
  for (const KeyState& state : keys.List()) {
    if (state.key.roles.Has(Role::kAdmin) && state.key.expires_at > absl::Now()) return;
  }
  LogEvent(spdlog::level::warn, "no_administrator",
           {{"reason",
             "keys are required, no key is an administrator's, and there is no Unix "
             "socket to create one; set access.unix_socket to a path of at most 103 "
             "bytes"}});
}

absl::StatusOr<std::unique_ptr<CertificateWatch>> Watch(const Config& config) {
  ASSIGN_OR_RETURN(std::unique_ptr<CertificateWatch> watch,
                   CertificateWatch::Start({.files = config.tls,
                                            .folder = CopiesFolder(config),
                                            .on_change = LogCertificates,
                                            .on_error = [](const absl::Status& status) {
                                              LogEvent(spdlog::level::err, "certificate_refused",
                                                       {{"error", std::string(status.message())},
                                                        {"action", "the one before stays in use"}});
                                            }}));
  LogCertificates({.expires_at = watch->expires_at()});
  return watch;
}

}  // namespace

absl::StatusOr<std::unique_ptr<AccessStack>> AccessStack::Create(const Config& config) {
  auto stack = std::unique_ptr<AccessStack>(new AccessStack());
  absl::StatusOr<std::unique_ptr<KeyStore>> keys = KeyStore::Open(KeyPath(config));
  if (!keys.ok()) return Annotate(keys.status(), "state_dir");
  stack->keys_ = *std::move(keys);
  stack->control_ = std::make_unique<AccessControl>(
      AccessControl::Options{.keys_required = config.access.keys_required,
                             .unix_socket = config.access.unix_socket},
      stack->keys_.get());
  if (!config.access.audit_log.empty()) {
    absl::StatusOr<std::unique_ptr<AuditLog>> audit =
        AuditLog::Open(config.access.audit_log, kAuditBytes, [](const absl::Status& status) {
          LogEvent(spdlog::level::err, "audit_log", {{"error", std::string(status.message())}});
        });
    if (!audit.ok()) return Annotate(audit.status(), "access.audit_log");
    stack->audit_ = *std::move(audit);
  }
  if (config.tls.certificate.empty()) {
    CertificateWatch::RemoveCopies(CopiesFolder(config));
  } else {
    ASSIGN_OR_RETURN(stack->certificates_, Watch(config));
  }
  WarnWithoutWayIn(config, *stack->keys_);
  stack->saver_ = std::make_unique<PeriodicTask>(
      kSaveInterval, PeriodicTask::First::kAfterInterval, [keys = stack->keys_.get()] {
        const absl::Status status = keys->SaveCounts();
        if (status.ok()) return;
        LogEvent(spdlog::level::err, "key_counts", {{"error", std::string(status.message())}});
      });
  return stack;
}

absl::Status AccessStack::Check(const Config& config) {
  RETURN_IF_ERROR(Annotate(ReadKeyFile(KeyPath(config)).status(), "state_dir"));
  if (const std::string& log = config.access.audit_log; !log.empty() && !IsInNewFolder(config)) {
    RETURN_IF_ERROR(Annotate(AuditLog::Check(log), "access.audit_log"));
  }
  return config.tls.certificate.empty() ? absl::OkStatus() : ReadCertificates(config.tls).status();
}

}  // namespace assay::server
