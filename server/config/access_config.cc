// Who may connect and call.
#include "server/config/access_config.h"

namespace assay::server {
namespace {

std::string Resolve(const std::filesystem::path& folder, const std::string& path) {
  return path.empty() ? path : (folder / path).lexically_normal().string();
}

}  // namespace

AccessConfig ReadAccess(YamlMap map, const std::filesystem::path& folder,
                        const std::string& state_dir) {
  AccessConfig access;
  access.keys_required = map.Choice("keys", "off", {"off", "required"}) == "required";
  access.unix_socket_is_set = map.Has("unix_socket");
  access.unix_socket = Resolve(folder, map.String("unix_socket", state_dir + "/assayd.sock"));
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
