// The configuration of who may connect and call.
#include "server/config/access_config.h"

#include <cstddef>

namespace assay::server {
namespace {

// Without the zero at its end; macOS has the shortest (sockaddr_un::sun_path).
constexpr size_t kMaxSocketPath = 103;

std::string Resolve(const std::filesystem::path& folder, const std::string& path) {
  return path.empty() ? path : (folder / path).lexically_normal().string();
}

}  // namespace

AccessConfig ReadAccess(YamlMap map, const std::filesystem::path& folder,
                        const std::string& state_dir) {
  AccessConfig access;
  access.keys_required = map.Choice("keys", "off", {"off", "required"}) == "required";
  std::string socket = state_dir + "/assayd.sock";
  if (socket.size() > kMaxSocketPath) socket.clear();
  access.unix_socket = Resolve(folder, map.String("unix_socket", socket));
  access.audit_log = Resolve(folder, map.String("audit_log", state_dir + "/audit.jsonl"));
  return access;
}

CertificateFiles ReadTls(YamlMap root, const std::filesystem::path& folder) {
  if (!root.Has("tls")) return {};
  YamlMap map = root.Map("tls");
  return {.certificate = Resolve(folder, map.RequiredString("certificate")),
          .key = Resolve(folder, map.RequiredString("key")),
          .client_ca = Resolve(folder, map.String("client_ca", ""))};
}

}  // namespace assay::server
