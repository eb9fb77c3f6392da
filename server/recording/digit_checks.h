// The check digits of payment cards and bank accounts.
#ifndef ASSAY_SERVER_RECORDING_DIGIT_CHECKS_H_
#define ASSAY_SERVER_RECORDING_DIGIT_CHECKS_H_

#include <cstddef>
#include <string_view>

namespace assay::server {

// Returns true if the digits have the check digit of Luhn's algorithm (ISO/IEC 7812-1). Other
// characters are ignored.
bool HasLuhnDigit(std::string_view text);

// Returns the number of bytes of the longest IBAN (ISO 13616: 15 to 34 letters and digits,
// remainder 1 modulo 97 by ISO 7064) that `text` begins with and that ends before another character
// than a letter or digit. Single spaces may separate its characters. 0: there is none.
size_t IbanBytes(std::string_view text);

// Returns the number of bytes of the longest payment-card number (13 to 19 digits with Luhn's check
// digit) that `text` begins with and that ends before another character than a digit. Single spaces
// or single hyphens may separate its digits; groups of 3 to 6 digits that follow are part of it. 0:
// there is none.
size_t CardBytes(std::string_view text);

}  // namespace assay::server

#endif  // ASSAY_SERVER_RECORDING_DIGIT_CHECKS_H_
