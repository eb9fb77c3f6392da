// The certificates and the key of a server's TLS, read from files and checked.
#ifndef ASSAY_SERVER_TLS_CERTIFICATE_FILES_H_
#define ASSAY_SERVER_TLS_CERTIFICATE_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace assay::server {

// Paths of files in PEM.
struct CertificateFiles {
  // The server's certificate, then those between it and the root.
  std::string certificate;
  // The private key of the first certificate.
  std::string key;
  // The roots of the clients' certificates. Empty: clients need no certificate.
  std::string client_ca;
};

// The contents of the files.
struct Certificates {
  std::string chain;
  std::string key;
  std::string client_ca;
  // When the first of the chain's certificates expires.
  absl::Time expires_at;

  bool operator==(const Certificates&) const = default;
};

// Reads and checks the files: each is in PEM, the key belongs to the certificate. Errors name the
// key of the configuration (tls.certificate, ...) and the path.
absl::StatusOr<Certificates> ReadCertificates(const CertificateFiles& files);

}  // namespace assay::server

#endif  // ASSAY_SERVER_TLS_CERTIFICATE_FILES_H_
