// Joins the bytes of tokens to whole UTF-8 characters.
#ifndef ASSAY_ENGINE_RUNTIME_GENERATION_UTF8_BUFFER_H_
#define ASSAY_ENGINE_RUNTIME_GENERATION_UTF8_BUFFER_H_

#include <string>
#include <string_view>

namespace assay::engine {

// Holds back the first bytes of a character until the rest arrives. Bytes that are not a character
// become U+FFFD, one for each maximal subpart (Unicode 15, section 3.9, table 3-8), as Python and
// Rust decode. Holds at most three bytes. Not thread-safe.
class Utf8Buffer {
 public:
  // Adds bytes. Returns the characters that are complete now; may be empty.
  std::string Append(std::string_view bytes);

  // Ends the text. An incomplete character becomes U+FFFD.
  std::string Flush();

 private:
  std::string pending_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_RUNTIME_GENERATION_UTF8_BUFFER_H_
