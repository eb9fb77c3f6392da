// The memory that an inspection takes.
#include "engine/runtime/inspection_memory.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "engine/formats/gguf.h"

namespace assay::engine {
namespace {

// Measured: the tokenizers of GGUF files take up to 12 times the bytes of their header, those in
// JSON up to 14 times the bytes of the file.
constexpr int64_t kBytesPerByte = 16;
// Also what the allocator keeps.
constexpr int64_t kMinBytes = int64_t{16} << 20;
// The limits of files and of values in JSON keep every inspection below this.
constexpr int64_t kMaxBytes = int64_t{1} << 30;

// Returns the length of a safetensors header, which the first eight bytes of the file are.
int64_t SafetensorsHeaderBytes(const std::filesystem::path& path, int64_t file_bytes) {
  std::ifstream file(path, std::ios::binary);
  char bytes[sizeof(uint64_t)] = {};
  uint64_t length = 0;
  if (file.read(bytes, sizeof(bytes))) std::memcpy(&length, bytes, sizeof(length));
  return static_cast<int64_t>(std::min<uint64_t>(length, static_cast<uint64_t>(file_bytes)));
}

// Returns the bytes of a model folder's files that are parsed.
int64_t ParsedBytes(const std::filesystem::path& folder) {
  int64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::uintmax_t size = entry.file_size(error);
    if (error) continue;
    const auto file_bytes = static_cast<int64_t>(size);
    const std::string type = entry.path().extension().string();
    if (type == ".safetensors") {
      bytes += SafetensorsHeaderBytes(entry.path(), file_bytes);
    } else if (type == ".json" || type == ".model" || type == ".txt" || type == ".jinja") {
      bytes += file_bytes;
    }
  }
  return bytes;
}

}  // namespace

int64_t EstimateInspectionBytes(const std::string& path) {
  const std::filesystem::path given(path);
  std::error_code ignored;
  int64_t parsed = 0;
  if (std::filesystem::is_directory(given, ignored)) {
    parsed = ParsedBytes(given);
  } else if (given.extension() == ".safetensors") {
    parsed = ParsedBytes(given.parent_path());
  } else {
    parsed = GgufFile::HeaderBytes(path);
  }
  return std::min(kMaxBytes, kMinBytes + kBytesPerByte * std::min(parsed, kMaxBytes));
}

}  // namespace assay::engine
