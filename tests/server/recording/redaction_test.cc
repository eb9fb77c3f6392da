// Redaction, against published test numbers and texts that only look like personal data.
#include "server/recording/redaction.h"

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/patience.h"

namespace assay::server {
namespace {

struct Case {
  std::string text;
  std::string redacted;
};

void Check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const RedactedText result = Redact(c.text);
    EXPECT_EQ(result.text, c.redacted);
    EXPECT_EQ(result.places > 0, c.text != c.redacted) << c.text;
  }
}

TEST(RedactionTest, AddressesOfPeopleAndMachines) {
  Check({{"Write to ann.lee+news@mail.example.co.uk, please", "Write to [email], please"},
         {"jürgen@müller.de", "[email]"},
         {"<bob@example.com>", "<[email]>"},
         {"from 192.168.0.12 to 2001:db8::8a2e:370:7334.", "from [ip] to [ip]."},
         {"fe80:0000:0000:0000:0204:61ff:fe9d:f156", "[ip]"},
         {"Call +49 (0)30 1234-5678 or +1 415 555 2671 now", "Call [phone] or [phone] now"},
         {"(415) 555-2671, 415-555-2671, 030 12345678", "[phone], [phone], [phone]"}});
}

// The numbers are those that card networks publish for tests, and the examples of the IBAN registry
// (SWIFT, release 99).
TEST(RedactionTest, NumbersWithCheckDigits) {
  Check({{"Visa 4111 1111 1111 1111 12/26", "Visa [card] 12/26"},
         {"order 12 5555-5555-5555-4444", "order 12 [card]"},
         {"378282246310005 and 6011111111111117", "[card] and [card]"},
         {"GB29 NWBK 6016 1331 9268 19 AND more", "[iban] AND more"},
         {"Pay to DE89370400440532013000.", "Pay to [iban]."},
         {"NO93 8601 1117 947; MT84MALT011000012345MTLCAST001S", "[iban]; [iban]"}});
}

// The tokens have the forms that the providers document; none was ever valid.
TEST(RedactionTest, Secrets) {
  Check({{"key sk-proj-abcDEF0123456789abcDEF0123456789", "key [secret]"},
         {"ghp_0123456789abcdefghijABCDEFGHIJ012345", "[secret]"},
         {"AKIAIOSFODNN7EXAMPLE", "[secret]"},
         {"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0."
          "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
          "[secret]"},
         {"https://ann:pa55@db.example.com/x", "https://[credentials]@db.example.com/x"},
         {"GET /v1?api_key=abc123&page=2", "GET /v1?api_key=[secret]&page=2"},
         {"Authorization: Bearer abcdef0123456789abcdef", "Authorization: Bearer [secret]"},
         {"sha 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "sha [secret]"},
         {"dGhpcyBpcyBhIHNlY3JldCB2YWx1ZQ0123456789", "[secret]"},
         {"-----BEGIN RSA PRIVATE KEY-----\nMIIEow+/=\n-----END RSA PRIVATE KEY-----\nend",
          "[secret]\nend"}});
}

TEST(RedactionTest, OrdinaryTextStays) {
  for (const std::string text :
       {"Release 2026-11-30 sold 1,234,567 units for $12.50 at 12:34:56.",
        "Order 4111 1111 1111 1112 and account GB29 NWBK 6016 1331 9268 18 are wrong",
        "std::vector<int> a::b; version 1.2.3.4.5; 0.12345678901 and 3.14159265358979",
        "UUID 123e4567-e89b-12d3-a456-426614174000", "@ann wrote #launch; a@b is no address",
        "A-Very-Long-Title-About-The-Year-2026-And-What-Comes-After-It-In-2027",
        "Pneumonoultramicroscopicsilicovolcanoconiosis", "https://example.com/blog?page=2",
        "05-11-2026, 10/12/2026, 2020-2026", ""}) {
    EXPECT_EQ(Redact(text).text, text);
  }
}

// Adversarial repetitions: time must grow with the size, not with its square.
TEST(RedactionTest, TakesLinearTime) {
  constexpr size_t kBytes = size_t{1} << 18;
  for (const std::string unit : {"1 ", "a@", "1.", "::", "eyJ", "+1 ", "GB29 ", "http://a:", "0",
                                 "a-", "sk-", "-----BEGIN PRIVATE KEY-----"}) {
    std::string text;
    while (text.size() < kBytes) text += unit;
    const absl::Time begin = absl::Now();
    Redact(text);
    EXPECT_LT(absl::Now() - begin, Patience(absl::Seconds(20))) << unit;
  }
}

}  // namespace
}  // namespace assay::server
