// Hides secrets of the process's environment in a text.
#include "base/environment_secrets.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

// No header of macOS declares it.
extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace assay {
namespace {

constexpr size_t kMinSecretBytes = 6;
constexpr std::array<std::string_view, 7> kSecretWords = {
    "KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "HEADERS"};

bool IsSecretName(const std::string& name) {
  const std::string upper = absl::AsciiStrToUpper(name);
  return std::any_of(kSecretWords.begin(), kSecretWords.end(), [&upper](std::string_view word) {
    return upper.find(word) != std::string::npos;
  });
}

// Returns "user:password" of a URL, or "".
std::string LoginOf(const std::string& url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return "";
  const std::string rest = url.substr(scheme + 3);
  const std::string authority = rest.substr(0, rest.find_first_of("/?#"));
  const size_t at = authority.rfind('@');
  return at == std::string::npos ? "" : authority.substr(0, at);
}

}  // namespace

std::string HideEnvironmentSecrets(std::string text) {
  std::vector<std::pair<std::string, std::string>> hidden;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string variable(*entry);
    const size_t equals = variable.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = variable.substr(0, equals);
    const std::string value = variable.substr(equals + 1);
    if (IsSecretName(name)) hidden.emplace_back(value, absl::StrCat("(", name, " hidden)"));
    hidden.emplace_back(LoginOf(value), "(hidden)");
  }
  // A secret may be a part of a longer one.
  std::sort(hidden.begin(), hidden.end(),
            [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  for (const auto& [secret, replacement] : hidden) {
    if (secret.size() < kMinSecretBytes) break;
    absl::StrReplaceAll({{secret, replacement}}, &text);
  }
  return text;
}

}  // namespace assay
