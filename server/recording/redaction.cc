// Removes personal data and secrets of known forms from texts.
#include "server/recording/redaction.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "absl/strings/ascii.h"
#include "re2/re2.h"
#include "server/recording/digit_checks.h"

namespace assay::server {
namespace {

constexpr std::ptrdiff_t kMinPhoneDigits = 8;
constexpr std::ptrdiff_t kMaxPhoneDigits = 15;
constexpr std::ptrdiff_t kMinRandomDigits = 3;
constexpr size_t kMinRandomRun = 20;

bool IsAlnum(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }
bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// What a pattern found.
struct Candidate {
  std::string_view text;
  size_t begin;
  size_t end;

  std::string_view found() const { return text.substr(begin, end - begin); }
  char before() const { return begin == 0 ? ' ' : text[begin - 1]; }
  char after() const { return end == text.size() ? ' ' : text[end]; }
  std::ptrdiff_t Digits() const {
    const std::string_view part = found();
    return std::count_if(part.begin(), part.end(), IsDigit);
  }
};

// Each check returns the number of bytes to replace, 0 for a false find.
using Check = size_t (*)(const Candidate&);

size_t All(const Candidate& candidate) { return candidate.found().size(); }

size_t CheckCard(const Candidate& candidate) {
  return IsAlnum(candidate.before()) ? 0 : CardBytes(candidate.text.substr(candidate.begin));
}

size_t CheckIban(const Candidate& candidate) {
  return IsAlnum(candidate.before()) ? 0 : IbanBytes(candidate.text.substr(candidate.begin));
}

size_t CheckIp(const Candidate& candidate) {
  if (IsAlnum(candidate.before()) || IsAlnum(candidate.after())) return 0;
  // A version number has more parts.
  const std::string_view rest = candidate.text.substr(candidate.end);
  const bool continues = rest.size() > 1 && rest[0] == '.' && IsDigit(rest[1]);
  if (continues || (candidate.before() == '.' && candidate.begin > 1)) return 0;
  const std::string address(candidate.found());
  in6_addr parsed{};
  const bool is_v6 = std::count(address.begin(), address.end(), ':') > 1;
  // std::a and similar words have the form of an address with an empty part.
  const auto parts = std::count_if(address.begin(), address.end(), IsAlnum);
  if (is_v6 && parts < 4) return 0;
  return inet_pton(is_v6 ? AF_INET6 : AF_INET, address.c_str(), &parsed) == 1 ? address.size() : 0;
}

size_t CheckPhone(const Candidate& candidate) {
  const char before = candidate.before();
  const bool in_number = (before == '.' || before == ',') && candidate.begin > 1 &&
                         IsDigit(candidate.text[candidate.begin - 2]);
  const bool in_word = IsAlnum(before) || before == '-' || before == '_' || before == '/' ||
                       before == '=' || IsAlnum(candidate.after());
  const std::ptrdiff_t digits = candidate.Digits();
  const bool is_phone = digits >= kMinPhoneDigits && digits <= kMaxPhoneDigits;
  return in_number || in_word || !is_phone ? 0 : candidate.found().size();
}

// A random string mixes letters of both cases with digits and is no chain of words.
size_t CheckRandom(const Candidate& candidate) {
  const std::string_view part = candidate.found();
  size_t run = 0;
  size_t longest = 0;
  for (const char c : part) {
    run = c == '-' || c == '_' ? 0 : run + 1;
    longest = std::max(longest, run);
  }
  const bool is_mixed = std::any_of(part.begin(), part.end(), absl::ascii_isupper) &&
                        std::any_of(part.begin(), part.end(), absl::ascii_islower) &&
                        candidate.Digits() >= kMinRandomDigits;
  return is_mixed && longest >= kMinRandomRun ? part.size() : 0;
}

struct Rule {
  // The first group, if there is one, is kept before the replacement.
  std::unique_ptr<RE2> pattern;
  const char* replacement;
  Check check;
};

Rule MakeRule(const char* pattern, const char* replacement, Check check) {
  RE2::Options options;
  options.set_log_errors(false);
  return {.pattern = std::make_unique<RE2>(pattern, options),
          .replacement = replacement,
          .check = check};
}

// In the order in which they are applied: secrets contain what looks like numbers.
std::vector<Rule> MakeRules() {
  std::vector<Rule> rules;
  const auto add = [&rules](const char* pattern, const char* replacement, Check check = All) {
    rules.push_back(MakeRule(pattern, replacement, check));
  };
  add(R"(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?)",
      "[secret]");
  add(R"re(([A-Za-z][A-Za-z0-9+.-]{1,20}://)[^\s/@:?#"'<>]+(?::[^\s/@?#"'<>]*)?@)re",
      "[credentials]@");
  add(R"re((?i)([?&](?:api[_-]?key|access[_-]?token|auth|token|secret|password|passwd|sig|signature)=)[^&\s#"'<>]+)re",
      "[secret]");
  add(R"(\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)", "[secret]");
  add(R"(\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,})"
      R"(|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,})"
      R"(|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bxox[a-z]-[A-Za-z0-9-]{10,}|\bhf_[A-Za-z0-9]{20,})"
      R"(|\bAIza[A-Za-z0-9_-]{30,}|\bya29\.[A-Za-z0-9_-]{20,}|\bnpm_[A-Za-z0-9]{30,})"
      R"(|\bpypi-[A-Za-z0-9_-]{30,}|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})",
      "[secret]");
  add(R"((?i)(\bbearer )[A-Za-z0-9._~+/-]{16,}=*)", "[secret]");
  add(R"([\pL\pN._%+'-]{1,64}@(?:[\pL\pN-]{1,63}\.)+\pL{2,24})", "[email]");
  add(R"([A-Za-z]{2}\d{2} ?[A-Za-z0-9])", "[iban]", CheckIban);
  add(R"(\d)", "[card]", CheckCard);
  add(R"(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})", "[ip]", CheckIp);
  add(R"((?:[0-9A-Fa-f]{1,4}:|::)(?:[0-9A-Fa-f]{0,4}:){1,7}(?:[0-9A-Fa-f]{1,4}|\d{1,3}(?:\.\d{1,3}){3})?)",
      "[ip]", CheckIp);
  add(R"(\b[0-9a-fA-F]{32,}\b)", "[secret]");
  add(R"(\b[A-Za-z0-9+_-]{32,}={0,2})", "[secret]", CheckRandom);
  add(R"(\+\d(?:[ ().\x{2011}/-]{0,2}\d){7,14})"
      R"(|\(0?\d{2,5}\)[ .-]?\d(?:[ .-]?\d){4,10})"
      R"(|\d{3}[ .-]\d{3}[ .-]\d{4})"
      R"(|0\d(?:[ /.-]?\d){7,12})",
      "[phone]", CheckPhone);
  return rules;
}

const std::vector<Rule>& Rules() {
  static const auto* const rules = new std::vector<Rule>(MakeRules());
  return *rules;
}

// Returns where the next search begins after a false find: behind the digits or letters that it is
// part of, so that none is looked at again.
size_t AfterFalseFind(std::string_view text, size_t begin, size_t end) {
  if (end > begin + 1) return end;
  while (end < text.size() && IsAlnum(text[end])) ++end;
  return end;
}

int Apply(const Rule& rule, std::string* text) {
  const std::string_view input = *text;
  const int groups = rule.pattern->NumberOfCapturingGroups() > 0 ? 2 : 1;
  std::string output;
  int places = 0;
  size_t copied = 0;
  re2::StringPiece match[2];
  for (size_t at = 0; at < input.size();) {
    if (!rule.pattern->Match(re2::StringPiece(input.data(), input.size()), at, input.size(),
                             RE2::UNANCHORED, match, groups)) {
      break;
    }
    const size_t whole = static_cast<size_t>(match[0].data() - input.data());
    const size_t kept = groups == 2 ? match[1].size() : 0;
    const Candidate candidate{.text = input, .begin = whole + kept, .end = whole + match[0].size()};
    const size_t bytes = rule.check(candidate);
    if (bytes == 0) {
      at = AfterFalseFind(input, candidate.begin, candidate.end);
      continue;
    }
    output.append(input.substr(copied, candidate.begin - copied)).append(rule.replacement);
    at = copied = candidate.begin + bytes;
    ++places;
  }
  if (places == 0) return 0;
  output.append(input.substr(copied));
  *text = std::move(output);
  return places;
}

}  // namespace

RedactedText Redact(std::string_view text) {
  RedactedText result{.text = std::string(text)};
  for (const Rule& rule : Rules()) result.places += Apply(rule, &result.text);
  return result;
}

}  // namespace assay::server
