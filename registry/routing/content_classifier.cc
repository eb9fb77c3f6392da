// Proposes a content type for a prompt by its terms.
#include "registry/routing/content_classifier.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"

namespace assay::registry {
namespace {

constexpr size_t kMaxBytesRead = 2000;
constexpr size_t kTaskBytes = 160;
// The sum of weights of the class "none of them".
constexpr double kNone = 1.0;
// Terms are correlated. Without the temperature, every proposal would look certain.
constexpr double kTemperature = 2.0;

enum Type { kTwitter, kLinkedin, kEmail, kBlog, kTechnical, kBusiness, kTypes };
constexpr std::array<std::string_view, kTypes> kNames = {"twitter", "linkedin",  "email",
                                                         "blog",    "technical", "business"};

struct Term {
  std::string_view text;
  Type type;
  double weight;
};

// Names of the form have the largest weights: "write a tweet about databases" requests a tweet.
constexpr Term kTerms[] = {
    {"tweet", kTwitter, 3},          {"twitter", kTwitter, 3},
    {"280 characters", kTwitter, 2}, {"hashtag", kTwitter, 1},
    {"linkedin", kLinkedin, 4},      {"e-mail", kEmail, 2.5},
    {"email", kEmail, 2.5},          {"subject line", kEmail, 1.5},
    {"newsletter", kEmail, 1},       {"blog", kBlog, 2.5},
    {"blog post", kBlog, 1},         {"article", kBlog, 0.7},
    {"listicle", kBlog, 2},          {"technical", kTechnical, 1.5},
    {"how-to", kTechnical, 1},       {"tutorial", kTechnical, 1.5},
    {"post-mortem", kTechnical, 2},  {"documentation", kTechnical, 1.5},
    {"developer", kTechnical, 1.2},  {"api", kTechnical, 1},
    {"http", kTechnical, 1},         {"database", kTechnical, 0.8},
    {"sql", kTechnical, 1},          {"postgresql", kTechnical, 1},
    {"cache", kTechnical, 0.8},      {"server", kTechnical, 0.7},
    {"code", kTechnical, 0.7},       {"algorithm", kTechnical, 1},
    {"business", kBusiness, 1},      {"executive summary", kBusiness, 2.5},
    {"proposal", kBusiness, 1.2},    {"case study", kBusiness, 2},
    {"brief", kBusiness, 0.7},       {"quarterly", kBusiness, 1.5},
    {"revenue", kBusiness, 0.8},     {"stakeholder", kBusiness, 1},
    {"report", kBusiness, 0.8},      {"client", kBusiness, 0.5},
    {"memo", kBusiness, 1.5},
};

// Returns the offset of the first word that begins with the term, or npos if there is none.
size_t FindWord(std::string_view text, std::string_view term) {
  for (size_t at = text.find(term); at != std::string_view::npos; at = text.find(term, at + 1)) {
    if (at == 0 || !absl::ascii_isalnum(static_cast<unsigned char>(text[at - 1]))) return at;
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<ContentProposal> ProposeContentType(std::string_view prompt) {
  std::string text(prompt.substr(0, kMaxBytesRead));
  absl::AsciiStrToLower(&text);
  std::array<double, kTypes> sums = {};
  for (const Term& term : kTerms) {
    const size_t at = FindWord(text, term.text);
    if (at == std::string_view::npos) continue;
    sums[term.type] += at < kTaskBytes ? 2 * term.weight : term.weight;
  }
  double all = std::exp(kNone);
  for (const double sum : sums) all += sum > 0 ? std::exp(sum / kTemperature) : 0;
  const auto best = std::max_element(sums.begin(), sums.end());
  const double confidence = std::exp(*best / kTemperature) / all;
  if (*best <= 0 || confidence < kMinConfidence) return std::nullopt;
  return ContentProposal{std::string(kNames[best - sums.begin()]), confidence};
}

}  // namespace assay::registry
