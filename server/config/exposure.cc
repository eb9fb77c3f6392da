// Keeps a daemon without TLS or keys from listening to other machines by mistake.
#include "server/config/exposure.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::server {
namespace {

constexpr uint32_t kLoopbackNetwork = 127;
constexpr int kNetworkShift = 24;

// What protects callers and the server, and is missing.
std::string Missing(const Config& config) {
  std::string missing;
  if (config.tls.certificate.empty()) missing = "tls is not set";
  if (!config.access.keys_required) {
    absl::StrAppend(&missing, missing.empty() ? "" : " and ", "access.keys is off");
  }
  return missing;
}

absl::Status CheckAddress(const std::string& key, const std::string& listen,
                          const std::string& missing) {
  if (listen.empty() || IsLoopback(listen)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      key, ": other machines can reach ", listen, ", but ", missing,
      "; set tls.certificate, tls.key and access.keys: required, listen on 127.0.0.1, or set "
      "insecure: true (--insecure) if a firewall or a proxy protects the port "
      "(docs/SECURITY.md)"));
}

}  // namespace

bool IsLoopback(const std::string& listen) {
  std::string host = listen.substr(0, listen.rfind(':'));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return ntohl(v4.s_addr) >> kNetworkShift == kLoopbackNetwork;
  }
  in6_addr v6{};
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

absl::Status CheckExposure(const Config& config) {
  if (config.insecure) return absl::OkStatus();
  const std::string missing = Missing(config);
  if (missing.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(CheckAddress("listen", config.listen, missing));
  RETURN_IF_ERROR(CheckAddress("http.listen", config.http_listen, missing));
  return CheckAddress("metrics.listen", config.metrics_listen, missing);
}

}  // namespace assay::server
