// Removes personal data and secrets of known forms from texts.
#ifndef ASSAY_SERVER_RECORDING_REDACTION_H_
#define ASSAY_SERVER_RECORDING_REDACTION_H_

#include <string>
#include <string_view>

namespace assay::server {

struct RedactedText {
  std::string text;
  // The number of places that were replaced.
  int places = 0;
};

// Replaces what has the form of:
//
//   [email]        an e-mail address
//   [phone]        a telephone number, international or with common national separators
//   [card]         a payment-card number with a valid check digit
//   [iban]         a bank account number with valid check digits
//   [ip]           an IPv4 or IPv6 address
//   [credentials]  user name and password in a URL
//   [secret]       a private key, a token with a known prefix (sk-, ghp_, AKIA, ...), a JWT, the
//   value
//                  of a URL parameter such as api_key, or a long random string
//
// Names of people, postal addresses, dates of birth and account numbers of other forms are not
// found. Takes time linear in the size of the text, about 30 ms per MiB. Thread-safe.
RedactedText Redact(std::string_view text);

}  // namespace assay::server

#endif  // ASSAY_SERVER_RECORDING_REDACTION_H_
