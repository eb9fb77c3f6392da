// The certificates and the key with which an HTTP server accepts TLS connections.
#include "server/tls/tls_contexts.h"

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay::server {
namespace {

absl::Status Refused(const char* key, const char* fault, const boost::system::error_code& error) {
  return absl::InvalidArgumentError(absl::StrCat(key, ": ", fault, " (", error.message(), ")"));
}

}  // namespace

absl::StatusOr<std::shared_ptr<TlsContext>> MakeTlsContext(const Certificates& certificates) {
  namespace asio = boost::asio;
  auto context = std::make_shared<TlsContext>(TlsContext::tls_server);
  boost::system::error_code error;
  context->set_options(TlsContext::default_workarounds | TlsContext::no_sslv2 |
                           TlsContext::no_sslv3 | TlsContext::no_tlsv1 | TlsContext::no_tlsv1_1,
                       error);
  if (error) return Refused("tls", "OpenSSL refuses its options", error);
  // Without it, OpenSSL asks the terminal for the password of an encrypted key.
  context->set_password_callback(
      [](size_t /*size*/, TlsContext::password_purpose /*purpose*/) { return std::string(); },
      error);
  if (error) return Refused("tls", "OpenSSL refuses its options", error);
  context->use_certificate_chain(asio::buffer(certificates.chain), error);
  if (error) return Refused("tls.certificate", "is not a chain of certificates in PEM", error);
  context->use_private_key(asio::buffer(certificates.key), TlsContext::pem, error);
  if (error) {
    return Refused("tls.key",
                   "is not a key in PEM without a password, or not that of the certificate", error);
  }
  // A resumed session would outlive the certificates that it was checked with.
  SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_TICKET);
  if (certificates.client_ca.empty()) return context;
  context->add_certificate_authority(asio::buffer(certificates.client_ca), error);
  if (error) return Refused("tls.client_ca", "is not a list of certificates in PEM", error);
  context->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert, error);
  if (error) return Refused("tls.client_ca", "OpenSSL refuses to ask for certificates", error);
  return context;
}

}  // namespace assay::server
