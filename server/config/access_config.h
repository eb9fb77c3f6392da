// The configuration of who may connect and call.
#ifndef ASSAY_SERVER_CONFIG_ACCESS_CONFIG_H_
#define ASSAY_SERVER_CONFIG_ACCESS_CONFIG_H_

#include <filesystem>
#include <string>

#include "base/yaml/reader.h"
#include "server/tls/certificate_files.h"

namespace assay::server {

// Paths are absolute after loading.
struct AccessConfig {
  // True if callers need a key.
  bool keys_required = false;
  // The Unix socket of this user's own clients, which need no key. Empty: there is none. The
  // default, in the state folder, is left out where the path is too long for a socket.
  std::string unix_socket;
  // The file with the calls of administrators. Empty: they are not recorded.
  std::string audit_log;
};

// Relative paths in the file refer to `folder`; those of files that are not set are in `state_dir`.
AccessConfig ReadAccess(YamlMap map, const std::filesystem::path& folder,
                        const std::string& state_dir);

// The result has no certificate if the section is absent.
CertificateFiles ReadTls(YamlMap root, const std::filesystem::path& folder);

}  // namespace assay::server

#endif  // ASSAY_SERVER_CONFIG_ACCESS_CONFIG_H_
