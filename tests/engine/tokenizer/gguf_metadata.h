// Builds GGUF files that have only the metadata of a tokenizer.
#ifndef ASSAY_TESTS_ENGINE_TOKENIZER_GGUF_METADATA_H_
#define ASSAY_TESTS_ENGINE_TOKENIZER_GGUF_METADATA_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "engine/formats/gguf.h"
#include "engine/tokenizer/byte_alphabet.h"
#include "engine/tokenizer/tokenizer.h"
#include "gtest/gtest.h"
#include "tests/engine/formats/gguf_bytes.h"

namespace assay::engine {

// Metadata, key by key. The names are those after "tokenizer.ggml.".
class TokenizerMetadata {
 public:
  TokenizerMetadata& Text(const std::string& name, const std::string& value) {
    return Key(name, kString, [&](Bytes& b) { b.String(value); });
  }
  TokenizerMetadata& Id(const std::string& name, uint32_t value) {
    return Key(name, kUint32, [&](Bytes& b) { b.Put(value); });
  }
  TokenizerMetadata& Flag(const std::string& name, bool value) {
    constexpr uint32_t kBool = 7;
    return Key(name, kBool, [&](Bytes& b) { b.Put(static_cast<uint8_t>(value)); });
  }
  TokenizerMetadata& Texts(const std::string& name, const std::vector<std::string>& values) {
    ++keys_;
    bytes_.Strings("tokenizer.ggml." + name, values);
    return *this;
  }
  template <typename T>
  TokenizerMetadata& Numbers(const std::string& name, uint32_t type, const std::vector<T>& values) {
    return Key(name, kArray, [&](Bytes& b) {
      b.Put(type).Put<uint64_t>(values.size());
      for (const T value : values) b.Put(value);
    });
  }
  // A key without the prefix.
  TokenizerMetadata& General(const std::string& key, const std::string& value) {
    ++keys_;
    bytes_.Key(key, kString).String(value);
    return *this;
  }

  absl::StatusOr<std::unique_ptr<Tokenizer>> Read() const {
    const WrittenFile written(Bytes::Header(0, keys_).Text(bytes_.text()));
    const auto file = GgufFile::Open(written.path());
    if (!file.ok()) return file.status();
    return MakeTokenizer(**file);
  }
  std::unique_ptr<Tokenizer> ReadOk() const {
    auto tokenizer = Read();
    EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();
    return tokenizer.ok() ? *std::move(tokenizer) : nullptr;
  }

 private:
  template <typename Write>
  TokenizerMetadata& Key(const std::string& name, uint32_t type, Write write) {
    ++keys_;
    bytes_.Key("tokenizer.ggml." + name, type);
    write(bytes_);
    return *this;
  }

  uint64_t keys_ = 0;
  Bytes bytes_;
};

// A byte-level tokenizer in which a byte is its own id. `tokens` have the ids from 256 and `types`.
inline TokenizerMetadata ByteLevelMetadata(std::vector<std::string> tokens,
                                           const std::vector<int32_t>& types) {
  std::vector<std::string> all;
  for (int byte = 0; byte < 256; ++byte) {
    all.push_back(EncodeByteLevel(std::string(1, static_cast<char>(byte))));
  }
  all.insert(all.end(), tokens.begin(), tokens.end());
  std::vector<int32_t> all_types(256, 1);
  all_types.insert(all_types.end(), types.begin(), types.end());
  return TokenizerMetadata()
      .Text("model", "gpt2")
      .Text("pre", "gpt-2")
      .Texts("tokens", all)
      .Texts("merges", {})
      .Numbers("token_type", kInt32, all_types);
}

}  // namespace assay::engine

#endif  // ASSAY_TESTS_ENGINE_TOKENIZER_GGUF_METADATA_H_
