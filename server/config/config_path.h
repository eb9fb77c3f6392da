// Paths of assayd.yaml.
#ifndef ASSAY_SERVER_CONFIG_CONFIG_PATH_H_
#define ASSAY_SERVER_CONFIG_CONFIG_PATH_H_

#include <filesystem>
#include <string>

namespace assay::server {

// Returns `path` as it is seen from `folder`. An empty path, which stands for none, stays empty.
inline std::string ResolvePath(const std::filesystem::path& folder, const std::string& path) {
  return path.empty() ? path : (folder / path).lexically_normal().string();
}

}  // namespace assay::server

#endif  // ASSAY_SERVER_CONFIG_CONFIG_PATH_H_
