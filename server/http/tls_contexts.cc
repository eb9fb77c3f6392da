// The certificate and key with which a server accepts TLS connections.
#include "server/http/tls_contexts.h"

#include <boost/asio/buffer.hpp>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay::server {

absl::StatusOr<std::shared_ptr<TlsContext>> MakeTlsContext(const std::string& certificates,
                                                           const std::string& key) {
  auto context = std::make_shared<TlsContext>(TlsContext::tls_server);
  boost::system::error_code error;
  context->set_options(TlsContext::default_workarounds | TlsContext::no_sslv2 |
                           TlsContext::no_sslv3 | TlsContext::no_tlsv1 | TlsContext::no_tlsv1_1,
                       error);
  if (!error) context->use_certificate_chain(boost::asio::buffer(certificates), error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("the TLS certificates are not a chain in PEM: ", error.message()));
  }
  context->use_private_key(boost::asio::buffer(key), TlsContext::pem, error);
  if (error) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the TLS key is not in PEM or not the key of the certificate: ", error.message()));
  }
  return context;
}

}  // namespace assay::server
