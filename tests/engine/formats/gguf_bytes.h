// Builds GGUF files byte by byte, also invalid ones.
#ifndef ASSAY_TESTS_ENGINE_FORMATS_GGUF_BYTES_H_
#define ASSAY_TESTS_ENGINE_FORMATS_GGUF_BYTES_H_

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "gtest/gtest.h"

namespace assay::engine {

// A valid file with tensors of every supported type.
inline constexpr char kTypes[] = "tests/golden/text/types.gguf";

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline absl::Span<const std::byte> AsBytes(const std::string& text) {
  return absl::MakeConstSpan(reinterpret_cast<const std::byte*>(text.data()), text.size());
}

// The types of metadata values (up to kUint64) and of tensors.
inline constexpr uint32_t kUint8 = 0;
inline constexpr uint32_t kUint16 = 2;
inline constexpr uint32_t kUint32 = 4;
inline constexpr uint32_t kInt32 = 5;
inline constexpr uint32_t kFloat32 = 6;
inline constexpr uint32_t kString = 8;
inline constexpr uint32_t kArray = 9;
inline constexpr uint32_t kUint64 = 10;
inline constexpr uint32_t kF32 = 0;
inline constexpr uint32_t kQ4K = 12;

// The bytes of a GGUF file.
class Bytes {
 public:
  static Bytes Header(uint64_t tensors, uint64_t keys, uint32_t version = 3) {
    Bytes file;
    file.text_ = "GGUF";
    return file.Put(version).Put(tensors).Put(keys);
  }
  template <typename T>
  Bytes& Put(T value) {
    text_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }
  Bytes& String(const std::string& text) { return Put<uint64_t>(text.size()).Text(text); }
  // Appends a key and the type of its value; the value must follow.
  Bytes& Key(const std::string& key, uint32_t type) { return String(key).Put(type); }
  Bytes& Tensor(const std::string& name, const std::vector<uint64_t>& dimensions, uint32_t type,
                uint64_t offset) {
    String(name).Put(static_cast<uint32_t>(dimensions.size()));
    for (const uint64_t dimension : dimensions) Put(dimension);
    return Put(type).Put(offset);
  }
  // Pads to a multiple of 32 bytes and appends `bytes` zeros.
  Bytes& Data(size_t bytes) {
    text_.resize((text_.size() + 31) / 32 * 32 + bytes, '\0');
    return *this;
  }
  Bytes& Strings(const std::string& key, const std::vector<std::string>& values) {
    Key(key, kArray).Put(kString).Put<uint64_t>(values.size());
    for (const std::string& value : values) String(value);
    return *this;
  }
  Bytes& Text(const std::string& text) {
    text_ += text;
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// A temporary file with the bytes.
class WrittenFile {
 public:
  explicit WrittenFile(const Bytes& bytes)
      : path_(testing::TempDir() + "/hostile_" + std::to_string(getpid()) + ".gguf") {
    std::ofstream(path_, std::ios::binary) << bytes.text();
  }
  ~WrittenFile() { unlink(path_.c_str()); }
  WrittenFile(const WrittenFile&) = delete;
  WrittenFile& operator=(const WrittenFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

}  // namespace assay::engine

#endif  // ASSAY_TESTS_ENGINE_FORMATS_GGUF_BYTES_H_
