// Follows the files of a server's certificates.
#include "server/tls/certificate_watch.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "base/whole_file.h"

namespace assay::server {
namespace {

constexpr mode_t kPrivateFolder = 0700;

}  // namespace

void CertificateWatch::RemoveCopies(const std::string& folder) {
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

absl::StatusOr<std::unique_ptr<CertificateWatch>> CertificateWatch::Start(Options options) {
  ASSIGN_OR_RETURN(Certificates certificates, ReadCertificates(options.files));
  RemoveCopies(options.folder);
  if (mkdir(options.folder.c_str(), kPrivateFolder) != 0 && errno != EEXIST) {
    return absl::ErrnoToStatus(errno, absl::StrCat(options.folder, ": cannot create the folder"));
  }
  auto watch = std::unique_ptr<CertificateWatch>(new CertificateWatch(std::move(options)));
  RETURN_IF_ERROR(watch->Take(std::move(certificates)));
  watch->look_ =
      std::make_unique<PeriodicTask>(watch->options_.interval, PeriodicTask::First::kAfterInterval,
                                     [watch = watch.get()] { watch->Look(); });
  return watch;
}

CertificateWatch::CertificateWatch(Options options)
    : options_(std::move(options)),
      key_and_chain_(absl::StrCat(options_.folder, "/server.pem")),
      client_ca_(options_.files.client_ca.empty()
                     ? std::string()
                     : absl::StrCat(options_.folder, "/client_ca.pem")) {}

CertificateWatch::~CertificateWatch() {
  look_.reset();
  RemoveCopies(options_.folder);
}

absl::Time CertificateWatch::expires_at() const {
  const MutexLock lock(mutex_);
  return taken_.expires_at;
}

absl::Status CertificateWatch::Take(Certificates certificates) {
  ASSIGN_OR_RETURN(std::shared_ptr<TlsContext> context, MakeTlsContext(certificates));
  if (!client_ca_.empty()) {
    RETURN_IF_ERROR(WriteWholeFile(client_ca_, certificates.client_ca, kPrivateFile));
  }
  RETURN_IF_ERROR(WriteWholeFile(
      key_and_chain_, absl::StrCat(certificates.key, "\n", certificates.chain), kPrivateFile));
  if (contexts_ == nullptr) {
    contexts_ = std::make_shared<TlsContexts>(std::move(context));
  } else {
    contexts_->Replace(std::move(context));
  }
  const MutexLock lock(mutex_);
  taken_ = std::move(certificates);
  return absl::OkStatus();
}

void CertificateWatch::Look() {
  absl::StatusOr<Certificates> read = ReadCertificates(options_.files);
  absl::Status status = read.status();
  if (read.ok()) {
    {
      const MutexLock lock(mutex_);
      if (*read == taken_) {
        reported_ = absl::OkStatus();
        return;
      }
    }
    const Certificates taken = *read;
    status = Take(*std::move(read));
    if (status.ok()) {
      reported_ = absl::OkStatus();
      return options_.on_change(taken);
    }
  }
  if (status == reported_) return;
  reported_ = status;
  options_.on_error(status);
}

}  // namespace assay::server
