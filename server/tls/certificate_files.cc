// The certificates and the key of a server's TLS, read from files and checked.
#include "server/tls/certificate_files.h"

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "base/whole_file.h"
#include "openssl/bio.h"
#include "openssl/pem.h"
#include "openssl/x509.h"
#include "server/tls/tls_contexts.h"

namespace assay::server {
namespace {

constexpr int64_t kMaxFileBytes = int64_t{1} << 20;

absl::StatusOr<std::string> ReadFile(const char* key, const std::string& path) {
  absl::StatusOr<std::string> bytes = ReadWholeFile(path, kMaxFileBytes);
  if (!bytes.ok()) return Annotate(bytes.status(), key);
  return bytes;
}

// Returns the earliest end of the certificates in the text.
absl::StatusOr<absl::Time> ExpiryOf(const std::string& chain) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(chain.data(), static_cast<int>(chain.size())), BIO_free);
  absl::Time expiry = absl::InfiniteFuture();
  while (X509* raw = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(raw, X509_free);
    std::tm end{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
      return absl::InvalidArgumentError("tls.certificate: has no readable end of validity");
    }
    expiry = std::min(expiry, absl::FromTM(end, absl::UTCTimeZone()));
  }
  return expiry;
}

}  // namespace

absl::StatusOr<Certificates> ReadCertificates(const CertificateFiles& files) {
  Certificates certificates;
  ASSIGN_OR_RETURN(certificates.chain, ReadFile("tls.certificate", files.certificate));
  ASSIGN_OR_RETURN(certificates.key, ReadFile("tls.key", files.key));
  if (!files.client_ca.empty()) {
    ASSIGN_OR_RETURN(certificates.client_ca, ReadFile("tls.client_ca", files.client_ca));
    // Without roots, every client would be let in.
    if (certificates.client_ca.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("tls.client_ca: ", files.client_ca, " is empty"));
    }
  }
  RETURN_IF_ERROR(MakeTlsContext(certificates).status());
  ASSIGN_OR_RETURN(certificates.expires_at, ExpiryOf(certificates.chain));
  return certificates;
}

}  // namespace assay::server
