// Parses and checks GGUF headers.
#include "engine/formats/gguf_parser.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/annotate.h"
#include "base/status_macros.h"
#include "engine/formats/byte_reader.h"
#include "engine/formats/dequantize.h"
#include "engine/formats/gguf_value.h"
#include "engine/formats/quoted.h"

namespace assay::engine {
namespace {

constexpr uint32_t kMagic = 0x46554747;  // "GGUF"
constexpr uint32_t kMinVersion = 2;
constexpr uint32_t kMaxVersion = 3;
constexpr uint64_t kDefaultAlignment = 32;
constexpr uint64_t kMaxAlignment = 65536;
constexpr uint32_t kMaxDimensions = 4;
// The limit of the format.
constexpr uint64_t kMaxKeyBytes = 65535;
// A generous multiple of ggml's limit, which is 64.
constexpr uint64_t kMaxTensorNameBytes = 1024;
// Headers with the largest vocabularies have about 30 MB. The limit bounds the memory for a header
// of a file that is large or sparse.
constexpr size_t kMaxHeaderBytes = size_t{128} << 20;
// The minimum sizes of a metadata entry and of a tensor entry, which bound their counts by the size
// of the file.
constexpr uint64_t kMinMetadataBytes = 8 + 4 + 1;
constexpr uint64_t kMinTensorBytes = 8 + 4 + 8 + 4 + 8;
// Files have fewer than 100 metadata entries and, with the experts of a layer in one tensor, a few
// thousand tensors. Each takes some hundred bytes of memory.
constexpr uint64_t kMaxEntries = 65536;

absl::Status CheckCount(uint64_t count, const char* what, uint64_t min_bytes, uint64_t remaining) {
  if (count > remaining / min_bytes) {
    return absl::DataLossError(absl::StrCat(count, " ", what, " do not fit the file"));
  }
  if (count <= kMaxEntries) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(count, " ", what, "; the limit is ", kMaxEntries));
}

absl::Status ReadMetadata(ByteReader& reader, uint64_t count, GgufHeader* header) {
  for (uint64_t i = 0; i < count; ++i) {
    std::string key;
    const std::string where = absl::StrCat("metadata entry ", i);
    RETURN_IF_ERROR(Annotate(reader.ReadString(kMaxKeyBytes, &key), where));
    if (key.empty()) return absl::DataLossError(absl::StrCat(where, ": its key is empty"));
    absl::StatusOr<GgufValue> value = ReadGgufValue(reader);
    const std::string what = absl::StrCat("metadata ", Quoted(key));
    if (!value.ok()) return Annotate(value.status(), what);
    if (!header->metadata.emplace(std::move(key), *std::move(value)).second) {
      return absl::DataLossError(absl::StrCat(what, " is duplicated"));
    }
  }
  return absl::OkStatus();
}

// Returns the size of a tensor in bytes. Checks every product. `shape` is outermost first.
absl::StatusOr<uint64_t> TensorBytes(GgmlType type, const std::vector<int64_t>& shape) {
  ASSIGN_OR_RETURN(const BlockLayout layout, StoredLayoutOf(type));
  int64_t elements = 1;
  for (const int64_t dimension : shape) {
    if (dimension <= 0 || __builtin_mul_overflow(elements, dimension, &elements)) {
      return absl::DataLossError(absl::StrCat("dimension ", dimension, " is out of range"));
    }
  }
  if (shape.back() % layout.elements != 0) {
    return absl::DataLossError(absl::StrCat("rows of ", shape.back(), " elements are not whole ",
                                            GgmlTypeName(type), " blocks"));
  }
  int64_t bytes = 0;
  if (__builtin_mul_overflow(elements / layout.elements, layout.bytes, &bytes)) {
    return absl::DataLossError(absl::StrCat(elements, " elements are too many"));
  }
  return static_cast<uint64_t>(bytes);
}

// A tensor before its bytes are located.
struct TensorEntry {
  StoredTensor tensor;
  uint64_t offset = 0;
};

absl::StatusOr<TensorEntry> ReadTensorEntry(ByteReader& reader, uint64_t number) {
  TensorEntry entry;
  const std::string where = absl::StrCat("tensor ", number);
  std::string& name = entry.tensor.name;
  RETURN_IF_ERROR(Annotate(reader.ReadString(kMaxTensorNameBytes, &name), where));
  if (name.empty()) return absl::DataLossError(absl::StrCat(where, ": its name is empty"));
  const std::string what = absl::StrCat("tensor ", Quoted(name));
  uint32_t dimensions = 0;
  RETURN_IF_ERROR(Annotate(reader.Read(&dimensions), what));
  if (dimensions == 0 || dimensions > kMaxDimensions) {
    return absl::DataLossError(absl::StrCat(what, " has ", dimensions,
                                            " dimensions; the limits are 1 and ", kMaxDimensions));
  }
  for (uint32_t i = 0; i < dimensions; ++i) {
    int64_t dimension = 0;
    RETURN_IF_ERROR(Annotate(reader.Read(&dimension), what));
    entry.tensor.shape.push_back(dimension);
  }
  std::reverse(entry.tensor.shape.begin(), entry.tensor.shape.end());
  uint32_t type = 0;
  RETURN_IF_ERROR(Annotate(reader.Read(&type), what));
  RETURN_IF_ERROR(Annotate(reader.Read(&entry.offset), what));
  entry.tensor.type = static_cast<GgmlType>(type);
  return entry;
}

absl::StatusOr<uint64_t> Alignment(const GgufHeader& header) {
  const auto it = header.metadata.find("general.alignment");
  if (it == header.metadata.end()) return kDefaultAlignment;
  const auto* value = std::get_if<uint64_t>(&it->second);
  if (value == nullptr) {
    return absl::DataLossError("metadata 'general.alignment' is not an unsigned whole number");
  }
  if (!std::has_single_bit(*value) || *value > kMaxAlignment) {
    return absl::DataLossError(absl::StrCat("metadata 'general.alignment' is ", *value,
                                            ", not a power of two up to ", kMaxAlignment));
  }
  return *value;
}

// Overlapping tensors would let a small file fill the memory, because each is loaded separately.
absl::Status CheckNoOverlap(std::vector<TensorEntry> entries) {
  std::sort(entries.begin(), entries.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return a.tensor.data.data() < b.tensor.data.data();
  });
  for (size_t i = 1; i < entries.size(); ++i) {
    const StoredTensor& before = entries[i - 1].tensor;
    if (entries[i].tensor.data.data() < before.data.data() + before.data.size()) {
      return absl::DataLossError(absl::StrCat("tensors ", Quoted(before.name), " and ",
                                              Quoted(entries[i].tensor.name),
                                              " overlap in the file"));
    }
  }
  return absl::OkStatus();
}

absl::Status PlaceTensors(absl::Span<const std::byte> file, uint64_t data_start, uint64_t alignment,
                          std::vector<TensorEntry> entries, GgufHeader* header) {
  absl::flat_hash_set<std::string> names;
  for (TensorEntry& entry : entries) {
    StoredTensor& tensor = entry.tensor;
    const std::string what = absl::StrCat("tensor ", Quoted(tensor.name));
    const absl::StatusOr<uint64_t> bytes = TensorBytes(tensor.type, tensor.shape);
    if (!bytes.ok()) {
      // An unsupported type has precedence over other errors.
      const absl::Status unsupported = LayoutOf(tensor.type).status();
      return Annotate(unsupported.ok() ? bytes.status() : unsupported, what);
    }
    const uint64_t available = data_start <= file.size() ? file.size() - data_start : 0;
    if (entry.offset % alignment != 0 || entry.offset > available ||
        *bytes > available - entry.offset) {
      return absl::DataLossError(absl::StrCat(what, " is ", *bytes, " bytes at offset ",
                                              entry.offset, " of ", available,
                                              " bytes of data (alignment ", alignment,
                                              "); the file is truncated or damaged, download "
                                              "it again"));
    }
    if (!names.insert(tensor.name).second) {
      return absl::DataLossError(absl::StrCat(what, " is duplicated"));
    }
    tensor.data = file.subspan(data_start + entry.offset, *bytes);
    if (LayoutOf(tensor.type).ok()) {
      header->tensors.push_back(tensor);
    } else {
      header->unread.push_back({.name = tensor.name,
                                .type = GgmlTypeName(tensor.type),
                                .shape = tensor.shape,
                                .elements = tensor.ElementCount(),
                                .bytes = static_cast<int64_t>(*bytes)});
    }
  }
  return CheckNoOverlap(std::move(entries));
}

absl::Status CheckMagicAndVersion(ByteReader& reader, GgufHeader* header) {
  uint32_t magic = 0;
  if (!reader.Read(&magic).ok() || magic != kMagic) {
    return absl::InvalidArgumentError(
        "is not a GGUF file (it does not begin with 'GGUF'); give the model's .gguf file");
  }
  RETURN_IF_ERROR(reader.Read(&header->version));
  const uint32_t version = header->version;
  if (version >= kMinVersion && version <= kMaxVersion) return absl::OkStatus();
  if (version != 0 && (version & 0xFFFFU) == 0) {
    return absl::UnimplementedError("is a big-endian GGUF file; convert it to little endian");
  }
  return absl::UnimplementedError(absl::StrCat("has GGUF version ", version,
                                               "; the supported versions are ", kMinVersion,
                                               " and ", kMaxVersion));
}

ByteReader ReaderOf(absl::Span<const std::byte> file) {
  return ByteReader(file.first(std::min(file.size(), kMaxHeaderBytes)),
                    file.size() <= kMaxHeaderBytes ? "the file ends" : "the limit of headers is");
}

// The numbers of entries of a header.
struct Counts {
  uint64_t tensors = 0;
  uint64_t metadata = 0;
};

// Reads the beginning of a header.
absl::StatusOr<Counts> ReadCounts(ByteReader& reader, GgufHeader* header) {
  RETURN_IF_ERROR(CheckMagicAndVersion(reader, header));
  Counts counts;
  RETURN_IF_ERROR(reader.Read(&counts.tensors));
  RETURN_IF_ERROR(reader.Read(&counts.metadata));
  RETURN_IF_ERROR(CheckCount(counts.tensors, "tensors", kMinTensorBytes, reader.remaining()));
  RETURN_IF_ERROR(
      CheckCount(counts.metadata, "metadata entries", kMinMetadataBytes, reader.remaining()));
  return counts;
}

absl::Status SkipHeader(ByteReader& reader) {
  GgufHeader header;
  ASSIGN_OR_RETURN(const Counts counts, ReadCounts(reader, &header));
  for (uint64_t i = 0; i < counts.metadata; ++i) {
    RETURN_IF_ERROR(reader.SkipString(kMaxKeyBytes).status());
    RETURN_IF_ERROR(ReadGgufValue(reader).status());
  }
  for (uint64_t i = 0; i < counts.tensors; ++i) {
    RETURN_IF_ERROR(ReadTensorEntry(reader, i).status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<GgufHeader> ParseGgufHeader(absl::Span<const std::byte> file) {
  GgufHeader header;
  ByteReader reader = ReaderOf(file);
  ASSIGN_OR_RETURN(const Counts counts, ReadCounts(reader, &header));
  RETURN_IF_ERROR(ReadMetadata(reader, counts.metadata, &header));
  ASSIGN_OR_RETURN(const uint64_t alignment, Alignment(header));

  std::vector<TensorEntry> entries;
  for (uint64_t i = 0; i < counts.tensors; ++i) {
    ASSIGN_OR_RETURN(TensorEntry entry, ReadTensorEntry(reader, i));
    entries.push_back(std::move(entry));
  }
  const uint64_t data_start = (reader.offset() + alignment - 1) / alignment * alignment;
  RETURN_IF_ERROR(PlaceTensors(file, data_start, alignment, std::move(entries), &header));
  return header;
}

size_t GgufHeaderBytes(absl::Span<const std::byte> file) {
  ByteReader reader = ReaderOf(file);
  // The parser stops at the same error.
  (void)SkipHeader(reader);
  return reader.offset();
}

}  // namespace assay::engine
