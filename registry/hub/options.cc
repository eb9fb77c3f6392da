// Options from the environment variables of huggingface_hub.
#include "registry/hub/options.h"

#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/strings/ascii.h"

namespace assay::registry {
namespace {

constexpr std::streamsize kMaxTokenFileBytes = 4096;

std::string Env(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool IsSet(const char* name) {
  const std::string value = absl::AsciiStrToLower(Env(name));
  return value == "1" || value == "on" || value == "yes" || value == "true";
}

// Returns the path with a leading "~" replaced by the home folder.
std::string Expanded(const std::string& path) {
  if (path == "~" || path.starts_with("~/")) return Env("HOME") + path.substr(1);
  return path;
}

std::string HubHome() {
  if (const std::string home = Env("HF_HOME"); !home.empty()) return Expanded(home);
  if (const std::string cache = Env("XDG_CACHE_HOME"); !cache.empty()) {
    return Expanded(cache) + "/huggingface";
  }
  return Env("HOME") + "/.cache/huggingface";
}

std::string Stripped(const std::string& text) {
  return std::string(absl::StripAsciiWhitespace(text));
}

std::string Token() {
  if (IsSet("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return "";
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
    if (const std::string token = Stripped(Env(name)); !token.empty()) return token;
  }
  const std::string path = Env("HF_TOKEN_PATH");
  std::ifstream file(path.empty() ? HubHome() + "/token" : Expanded(path));
  std::string token(kMaxTokenFileBytes, '\0');
  file.read(token.data(), kMaxTokenFileBytes);
  token.resize(static_cast<size_t>(file.gcount()));
  return Stripped(token);
}

}  // namespace

HubOptions HubOptions::FromEnvironment() {
  HubOptions options;
  if (const std::string endpoint = Stripped(Env("HF_ENDPOINT")); !endpoint.empty()) {
    options.endpoint = endpoint;
  }
  while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
  options.token = Token();
  options.cache_folder = HubCacheFolder();
  options.offline = IsSet("HF_HUB_OFFLINE") || IsSet("TRANSFORMERS_OFFLINE");
  options.ca_path = Env("SSL_CERT_FILE");
  return options;
}

std::string HubCacheFolder() {
  for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
    if (const std::string cache = Env(name); !cache.empty()) return Expanded(cache);
  }
  return HubHome() + "/hub";
}

}  // namespace assay::registry
