// The configuration of who may connect and call.
#include "server/config/access_config.h"

#include <cstddef>

#include "server/config/config_path.h"

namespace assay::server {
namespace {

// Without the zero at its end; macOS has the shortest (sockaddr_un::sun_path).
constexpr size_t kMaxSocketPath = 103;

}  // namespace

AccessConfig ReadAccess(YamlMap map, const std::filesystem::path& folder,
                        const std::string& state_dir) {
  AccessConfig access;
  access.keys_required = map.Choice("keys", "off", {"off", "required"}) == "required";
  std::string socket = state_dir + "/assayd.sock";
  if (socket.size() > kMaxSocketPath) socket.clear();
  access.unix_socket = ResolvePath(folder, map.String("unix_socket", socket));
  access.audit_log = ResolvePath(folder, map.String("audit_log", state_dir + "/audit.jsonl"));
  return access;
}

CertificateFiles ReadTls(YamlMap root, const std::filesystem::path& folder) {
  if (!root.Has("tls")) return {};
  YamlMap map = root.Map("tls");
  return {.certificate = ResolvePath(folder, map.RequiredString("certificate")),
          .key = ResolvePath(folder, map.RequiredString("key")),
          .client_ca = ResolvePath(folder, map.String("client_ca", ""))};
}

}  // namespace assay::server
