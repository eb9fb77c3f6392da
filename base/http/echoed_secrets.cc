// Hides credentials that a server repeats in its answer.
#include "base/http/echoed_secrets.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/http/url.h"

namespace assay::http {
namespace {

constexpr size_t kMinSecretBytes = 6;
constexpr char kHidden[] = "(hidden)";

class Secrets {
 public:
  void Add(std::string_view secret) {
    if (secret.size() >= kMinSecretBytes) secrets_.emplace_back(secret);
  }

  void AddLogin(const std::string& user, const std::string& password) {
    if (password.empty()) return;
    Add(user);
    Add(password);
    Add(absl::Base64Escape(absl::StrCat(user, ":", password)));
  }

  // A header such as "Bearer KEY" may be repeated without its first word.
  void AddHeader(std::string_view value) {
    Add(value);
    Add(value.substr(value.rfind(' ') + 1));
  }

  void AddUrl(const std::string& url) {
    const size_t begin = url.find("://");
    if (begin == std::string::npos) return;
    const std::string rest = url.substr(begin + 3);
    const std::string authority = rest.substr(0, rest.find_first_of("/?#"));
    if (const size_t at = authority.rfind('@'); at != std::string::npos) {
      const std::string login = authority.substr(0, at);
      const size_t colon = std::min(login.find(':'), login.size());
      const std::string password = login.substr(std::min(colon + 1, login.size()));
      Add(login);
      Add(password);
      AddLogin(UrlUnescape(login.substr(0, colon)), UrlUnescape(password));
    }
    const size_t query = rest.find('?');
    if (query != std::string::npos) Add(rest.substr(query + 1));
  }

  std::string HideIn(std::string text) {
    // A secret may be a part of a longer one.
    std::sort(secrets_.begin(), secrets_.end(),
              [](const auto& a, const auto& b) { return a.size() > b.size(); });
    for (const std::string& secret : secrets_) {
      absl::StrReplaceAll({{secret, kHidden}}, &text);
    }
    return text;
  }

 private:
  std::vector<std::string> secrets_;
};

}  // namespace

std::string HideEchoedSecrets(std::string body, const ClientOptions& options,
                              const Request& request) {
  if (body.empty()) return body;
  Secrets secrets;
  secrets.AddLogin(options.username, options.password);
  secrets.AddHeader(options.bearer_token);
  for (const auto& [name, value] : request.headers) {
    if (!absl::EqualsIgnoreCase(name, "Content-Type")) secrets.AddHeader(value);
  }
  secrets.AddUrl(request.url);
  return secrets.HideIn(std::move(body));
}

}  // namespace assay::http
