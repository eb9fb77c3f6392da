// SHA-1 and SHA-256, computed by OpenSSL.
#include "base/hashing.h"

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace assay {

struct HashStream::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free};
  bool usable = false;
};

HashStream::HashStream(HashAlgorithm algorithm) : state_(std::make_unique<State>()) {
  const EVP_MD* digest = algorithm == HashAlgorithm::kSha256 ? EVP_sha256() : EVP_sha1();
  state_->usable =
      state_->context != nullptr && EVP_DigestInit_ex(state_->context.get(), digest, nullptr) == 1;
}

HashStream::~HashStream() = default;

void HashStream::Update(std::string_view bytes) {
  state_->usable =
      state_->usable && EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1;
}

std::string HashStream::HexDigest() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (!state_->usable || EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size) != 1) {
    return "";
  }
  state_->usable = false;
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

std::string Sha256Hex(std::string_view bytes) {
  HashStream stream(HashAlgorithm::kSha256);
  stream.Update(bytes);
  return stream.HexDigest();
}

}  // namespace assay
