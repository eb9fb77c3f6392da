// The check digits of payment cards and bank accounts.
#include "server/recording/digit_checks.h"

#include "absl/strings/ascii.h"

namespace assay::server {
namespace {

constexpr int kDecimal = 10;
constexpr int kIbanModulus = 97;
constexpr size_t kIbanHeader = 4;
constexpr size_t kMinIban = 15;
constexpr size_t kMaxIban = 34;
constexpr size_t kMinCardDigits = 13;
constexpr size_t kMaxCardDigits = 19;
constexpr size_t kMinCardGroup = 3;
constexpr size_t kMaxCardGroup = 6;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsAlnum(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }

// Returns the remainder after one more letter or digit; A to Z count as 10 to 35.
int NextRemainder(int remainder, char c) {
  if (IsDigit(c)) return (remainder * kDecimal + (c - '0')) % kIbanModulus;
  const int value = absl::ascii_toupper(static_cast<unsigned char>(c)) - 'A' + kDecimal;
  return (remainder * kDecimal * kDecimal + value) % kIbanModulus;
}

}  // namespace

bool HasLuhnDigit(std::string_view text) {
  int sum = 0;
  bool doubled = false;
  for (size_t i = text.size(); i > 0; --i) {
    const char c = text[i - 1];
    if (!IsDigit(c)) continue;
    const int digit = (c - '0') * (doubled ? 2 : 1);
    sum += digit > kDecimal - 1 ? digit - (kDecimal - 1) : digit;
    doubled = !doubled;
  }
  return sum % kDecimal == 0;
}

size_t IbanBytes(std::string_view text) {
  size_t longest = 0;
  size_t characters = 0;
  int remainder = 0;
  // The first four characters are computed last.
  char header[kIbanHeader];
  for (size_t i = 0; i < text.size() && characters < kMaxIban; ++i) {
    const char c = text[i];
    const bool is_gap = c == ' ' && i + 1 < text.size() && IsAlnum(text[i + 1]) && i > 0;
    if (is_gap) continue;
    if (!IsAlnum(c)) break;
    if (characters < kIbanHeader) {
      header[characters] = c;
    } else {
      remainder = NextRemainder(remainder, c);
    }
    ++characters;
    const bool ends = i + 1 == text.size() || !IsAlnum(text[i + 1]);
    if (!ends || characters < kMinIban) continue;
    int whole = remainder;
    for (const char first : header) whole = NextRemainder(whole, first);
    if (whole == 1) longest = i + 1;
  }
  return longest;
}

size_t CardBytes(std::string_view text) {
  size_t longest = 0;
  size_t digits = 0;
  size_t group = 0;
  char gap = '\0';
  for (size_t i = 0; i < text.size() && digits < kMaxCardDigits + kMaxCardGroup; ++i) {
    const char c = text[i];
    if (!IsDigit(c)) {
      const bool is_gap = (c == ' ' || c == '-') && (gap == '\0' || c == gap) && i > 0 &&
                          i + 1 < text.size() && IsDigit(text[i + 1]);
      if (!is_gap) break;
      gap = c;
      group = 0;
      continue;
    }
    ++digits;
    ++group;
    const bool ends = i + 1 == text.size() || !IsDigit(text[i + 1]);
    if (!ends) continue;
    const bool is_card =
        digits >= kMinCardDigits && digits <= kMaxCardDigits && HasLuhnDigit(text.substr(0, i + 1));
    // A number before the card can make a shorter one valid by chance; the card's last group
    // follows.
    const bool may_continue = longest > 0 && group >= kMinCardGroup && group <= kMaxCardGroup;
    if (is_card || may_continue) {
      longest = i + 1;
    } else if (longest > 0) {
      break;
    }
  }
  return longest;
}

}  // namespace assay::server
