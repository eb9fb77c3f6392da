// SHA-1 and SHA-256, computed by OpenSSL.
#ifndef ASSAY_BASE_HASHING_H_
#define ASSAY_BASE_HASHING_H_

#include <memory>
#include <string>
#include <string_view>

namespace assay {

enum class HashAlgorithm { kSha1, kSha256 };

// Hashes bytes that arrive in several pieces. Not thread-safe.
class HashStream {
 public:
  explicit HashStream(HashAlgorithm algorithm);
  ~HashStream();
  HashStream(const HashStream&) = delete;
  HashStream& operator=(const HashStream&) = delete;

  void Update(std::string_view bytes);
  // Returns the digest in lower-case hexadecimal, or an empty string if OpenSSL refuses the
  // algorithm. Ends the stream: call it once.
  std::string HexDigest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Returns the SHA-256 of `bytes` as 64 hexadecimal digits.
std::string Sha256Hex(std::string_view bytes);

}  // namespace assay

#endif  // ASSAY_BASE_HASHING_H_
