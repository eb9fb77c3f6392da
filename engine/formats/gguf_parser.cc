// Reads and checks a GGUF header.
#include "engine/formats/gguf_parser.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "engine/formats/byte_reader.h"
#include "engine/formats/dequantize.h"

namespace assay::engine {
namespace {

constexpr uint32_t kMagic = 0x46554747;  // "GGUF"
constexpr uint32_t kOldestVersion = 2;
constexpr uint32_t kNewestVersion = 3;
constexpr uint64_t kDefaultAlignment = 32;
constexpr uint64_t kMaxAlignment = 65536;
constexpr uint32_t kMaxDimensions = 4;
constexpr size_t kMaxNameBytes = 65535;
// Vocabularies have some 300,000 entries. Bounds what a small element type can grow to in memory.
constexpr uint64_t kMaxArrayElements = uint64_t{1} << 24;
// The fewest bytes of a metadata entry and of a tensor's entry: what bounds their counts by the
// file's size.
constexpr uint64_t kMinMetadataBytes = 8 + 4 + 1;
constexpr uint64_t kMinTensorBytes = 8 + 4 + 8 + 4 + 8;

enum class ValueType : uint32_t {
  kUint8 = 0,
  kInt8 = 1,
  kUint16 = 2,
  kInt16 = 3,
  kUint32 = 4,
  kInt32 = 5,
  kFloat32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kUint64 = 10,
  kInt64 = 11,
  kFloat64 = 12,
};

absl::Status Named(const std::string& what, const absl::Status& status) {
  return {status.code(), absl::StrCat(what, ": ", status.message())};
}

// A value of type Stored, kept as Kept.
template <typename Stored, typename Kept>
absl::Status ReadAs(ByteReader& reader, Kept* out) {
  Stored value = 0;
  if (absl::Status s = reader.Read(&value); !s.ok()) return s;
  *out = static_cast<Kept>(value);
  return absl::OkStatus();
}

absl::Status ReadBool(ByteReader& reader, bool* out) {
  uint8_t value = 0;
  if (absl::Status s = reader.Read(&value); !s.ok()) return s;
  if (value > 1) return absl::DataLossError(absl::StrCat("boolean has the value ", value));
  *out = value == 1;
  return absl::OkStatus();
}

template <typename Kept, typename ReadOne>
absl::StatusOr<GgufArray> ReadArrayOf(ByteReader& reader, uint64_t count, uint64_t min_bytes,
                                      ReadOne read) {
  if (count > reader.remaining() / min_bytes) {
    return absl::DataLossError(
        absl::StrCat("array of ", count, " elements is longer than the file"));
  }
  std::vector<Kept> values;
  values.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    Kept value = {};
    if (absl::Status s = read(reader, &value); !s.ok()) return s;
    values.push_back(std::move(value));
  }
  return GgufArray(std::move(values));
}

absl::StatusOr<GgufArray> ReadArray(ByteReader& reader) {
  uint32_t type = 0;
  uint64_t count = 0;
  if (absl::Status s = reader.Read(&type); !s.ok()) return s;
  if (absl::Status s = reader.Read(&count); !s.ok()) return s;
  if (count > kMaxArrayElements) {
    return absl::DataLossError(
        absl::StrCat("array has ", count, " elements; at most ", kMaxArrayElements, " are read"));
  }
  switch (static_cast<ValueType>(type)) {
    case ValueType::kUint8:
      return ReadArrayOf<uint64_t>(reader, count, 1, ReadAs<uint8_t, uint64_t>);
    case ValueType::kInt8:
      return ReadArrayOf<int64_t>(reader, count, 1, ReadAs<int8_t, int64_t>);
    case ValueType::kUint16:
      return ReadArrayOf<uint64_t>(reader, count, 2, ReadAs<uint16_t, uint64_t>);
    case ValueType::kInt16:
      return ReadArrayOf<int64_t>(reader, count, 2, ReadAs<int16_t, int64_t>);
    case ValueType::kUint32:
      return ReadArrayOf<uint64_t>(reader, count, 4, ReadAs<uint32_t, uint64_t>);
    case ValueType::kInt32:
      return ReadArrayOf<int64_t>(reader, count, 4, ReadAs<int32_t, int64_t>);
    case ValueType::kUint64:
      return ReadArrayOf<uint64_t>(reader, count, 8, ReadAs<uint64_t, uint64_t>);
    case ValueType::kInt64:
      return ReadArrayOf<int64_t>(reader, count, 8, ReadAs<int64_t, int64_t>);
    case ValueType::kFloat32:
      return ReadArrayOf<double>(reader, count, 4, ReadAs<float, double>);
    case ValueType::kFloat64:
      return ReadArrayOf<double>(reader, count, 8, ReadAs<double, double>);
    case ValueType::kString:
      return ReadArrayOf<std::string>(
          reader, count, sizeof(uint64_t),
          [](ByteReader& r, std::string* out) { return r.ReadString(out); });
    case ValueType::kBool: {
      std::vector<bool> flags;
      if (count > reader.remaining()) return absl::DataLossError("array is longer than the file");
      for (uint64_t i = 0; i < count; ++i) {
        bool flag = false;
        if (absl::Status s = ReadBool(reader, &flag); !s.ok()) return s;
        flags.push_back(flag);
      }
      return GgufArray(std::move(flags));
    }
    case ValueType::kArray:
      return absl::UnimplementedError("arrays of arrays are not read");
  }
  return absl::DataLossError(absl::StrCat("array has the unknown element type ", type));
}

template <typename Stored, typename Kept>
absl::StatusOr<GgufValue> ReadScalar(ByteReader& reader) {
  Kept value = 0;
  if (absl::Status s = ReadAs<Stored, Kept>(reader, &value); !s.ok()) return s;
  return GgufValue(value);
}

absl::StatusOr<GgufValue> ReadValue(ByteReader& reader) {
  uint32_t type = 0;
  if (absl::Status s = reader.Read(&type); !s.ok()) return s;
  switch (static_cast<ValueType>(type)) {
    case ValueType::kUint8:
      return ReadScalar<uint8_t, uint64_t>(reader);
    case ValueType::kInt8:
      return ReadScalar<int8_t, int64_t>(reader);
    case ValueType::kUint16:
      return ReadScalar<uint16_t, uint64_t>(reader);
    case ValueType::kInt16:
      return ReadScalar<int16_t, int64_t>(reader);
    case ValueType::kUint32:
      return ReadScalar<uint32_t, uint64_t>(reader);
    case ValueType::kInt32:
      return ReadScalar<int32_t, int64_t>(reader);
    case ValueType::kUint64:
      return ReadScalar<uint64_t, uint64_t>(reader);
    case ValueType::kInt64:
      return ReadScalar<int64_t, int64_t>(reader);
    case ValueType::kFloat32:
      return ReadScalar<float, double>(reader);
    case ValueType::kFloat64:
      return ReadScalar<double, double>(reader);
    case ValueType::kBool: {
      bool flag = false;
      if (absl::Status s = ReadBool(reader, &flag); !s.ok()) return s;
      return GgufValue(flag);
    }
    case ValueType::kString: {
      std::string text;
      if (absl::Status s = reader.ReadString(&text); !s.ok()) return s;
      return GgufValue(std::move(text));
    }
    case ValueType::kArray: {
      absl::StatusOr<GgufArray> array = ReadArray(reader);
      if (!array.ok()) return array.status();
      return GgufValue(*std::move(array));
    }
  }
  return absl::DataLossError(absl::StrCat("has the unknown type ", type));
}

absl::Status ReadMetadata(ByteReader& reader, uint64_t count, GgufHeader* header) {
  for (uint64_t i = 0; i < count; ++i) {
    std::string key;
    const std::string where = absl::StrCat("metadata entry ", i);
    if (absl::Status s = reader.ReadString(&key); !s.ok()) return Named(where, s);
    if (key.empty() || key.size() > kMaxNameBytes) {
      return absl::DataLossError(absl::StrCat(where, ": its key has ", key.size(), " bytes"));
    }
    absl::StatusOr<GgufValue> value = ReadValue(reader);
    const std::string what = absl::StrCat("metadata '", key, "'");
    if (!value.ok()) return Named(what, value.status());
    if (!header->metadata.emplace(std::move(key), *std::move(value)).second) {
      return absl::DataLossError(absl::StrCat(what, " stands twice"));
    }
  }
  return absl::OkStatus();
}

// Bytes of a tensor, every product checked. `shape` is outermost first.
absl::StatusOr<uint64_t> TensorBytes(GgmlType type, const std::vector<int64_t>& shape) {
  const absl::StatusOr<BlockLayout> layout = LayoutOf(type);
  if (!layout.ok()) return layout.status();
  int64_t elements = 1;
  for (const int64_t dimension : shape) {
    if (dimension <= 0 || __builtin_mul_overflow(elements, dimension, &elements)) {
      return absl::DataLossError(absl::StrCat("dimension ", dimension, " is out of range"));
    }
  }
  if (shape.back() % layout->elements != 0) {
    return absl::DataLossError(absl::StrCat("rows of ", shape.back(), " elements are not whole ",
                                            GgmlTypeName(type), " blocks"));
  }
  int64_t bytes = 0;
  if (__builtin_mul_overflow(elements / layout->elements, layout->bytes, &bytes)) {
    return absl::DataLossError(absl::StrCat(elements, " elements are too many"));
  }
  return static_cast<uint64_t>(bytes);
}

struct TensorEntry {
  StoredTensor tensor;
  uint64_t offset = 0;
};

absl::StatusOr<TensorEntry> ReadTensorEntry(ByteReader& reader) {
  TensorEntry entry;
  uint32_t dimensions = 0;
  if (absl::Status s = reader.ReadString(&entry.tensor.name); !s.ok()) return s;
  if (absl::Status s = reader.Read(&dimensions); !s.ok()) return s;
  const std::string what = absl::StrCat("tensor '", entry.tensor.name, "'");
  if (entry.tensor.name.empty() || entry.tensor.name.size() > kMaxNameBytes) {
    return absl::DataLossError(
        absl::StrCat("a tensor's name has ", entry.tensor.name.size(), " bytes"));
  }
  if (dimensions == 0 || dimensions > kMaxDimensions) {
    return absl::DataLossError(
        absl::StrCat(what, " has ", dimensions, " dimensions; 1 to ", kMaxDimensions, " are read"));
  }
  for (uint32_t i = 0; i < dimensions; ++i) {
    int64_t dimension = 0;
    if (absl::Status s = reader.Read(&dimension); !s.ok()) return Named(what, s);
    entry.tensor.shape.push_back(dimension);
  }
  std::reverse(entry.tensor.shape.begin(), entry.tensor.shape.end());
  uint32_t type = 0;
  if (absl::Status s = reader.Read(&type); !s.ok()) return Named(what, s);
  if (absl::Status s = reader.Read(&entry.offset); !s.ok()) return Named(what, s);
  entry.tensor.type = static_cast<GgmlType>(type);
  return entry;
}

absl::StatusOr<uint64_t> Alignment(const GgufHeader& header) {
  const auto it = header.metadata.find("general.alignment");
  if (it == header.metadata.end()) return kDefaultAlignment;
  const auto* value = std::get_if<uint64_t>(&it->second);
  if (value == nullptr || !std::has_single_bit(*value) || *value > kMaxAlignment) {
    return absl::DataLossError(
        absl::StrCat("metadata 'general.alignment' is not a power of two up to ", kMaxAlignment));
  }
  return *value;
}

absl::Status PlaceTensors(absl::Span<const std::byte> file, uint64_t data_start, uint64_t alignment,
                          std::vector<TensorEntry> entries, GgufHeader* header) {
  absl::flat_hash_set<std::string> names;
  for (TensorEntry& entry : entries) {
    const std::string what = absl::StrCat("tensor '", entry.tensor.name, "'");
    const absl::StatusOr<uint64_t> bytes = TensorBytes(entry.tensor.type, entry.tensor.shape);
    if (!bytes.ok()) return Named(what, bytes.status());
    const uint64_t room = data_start <= file.size() ? file.size() - data_start : 0;
    if (entry.offset % alignment != 0 || entry.offset > room || *bytes > room - entry.offset) {
      return absl::DataLossError(absl::StrCat(what, " is ", *bytes, " bytes at offset ",
                                              entry.offset, " of ", room,
                                              " bytes of data (alignment ", alignment,
                                              "); the file is truncated or damaged, download "
                                              "it again"));
    }
    if (!names.insert(entry.tensor.name).second) {
      return absl::DataLossError(absl::StrCat(what, " stands twice"));
    }
    entry.tensor.data = file.subspan(data_start + entry.offset, *bytes);
    header->tensors.push_back(std::move(entry.tensor));
  }
  return absl::OkStatus();
}

absl::Status CheckMagicAndVersion(ByteReader& reader, GgufHeader* header) {
  uint32_t magic = 0;
  if (!reader.Read(&magic).ok() || magic != kMagic) {
    return absl::InvalidArgumentError(
        "is not a GGUF file (it does not begin with 'GGUF'); give the model's .gguf file");
  }
  if (absl::Status s = reader.Read(&header->version); !s.ok()) return s;
  const uint32_t version = header->version;
  if (version >= kOldestVersion && version <= kNewestVersion) return absl::OkStatus();
  if (version != 0 && (version & 0xFFFFU) == 0) {
    return absl::UnimplementedError("is a big-endian GGUF file; convert it to little endian");
  }
  return absl::UnimplementedError(absl::StrCat("has GGUF version ", version, "; versions ",
                                               kOldestVersion, " and ", kNewestVersion,
                                               " are read"));
}

}  // namespace

absl::StatusOr<GgufHeader> ParseGgufHeader(absl::Span<const std::byte> file) {
  GgufHeader header;
  ByteReader reader(file);
  if (absl::Status s = CheckMagicAndVersion(reader, &header); !s.ok()) return s;
  uint64_t tensor_count = 0;
  uint64_t metadata_count = 0;
  if (absl::Status s = reader.Read(&tensor_count); !s.ok()) return s;
  if (absl::Status s = reader.Read(&metadata_count); !s.ok()) return s;
  if (tensor_count > reader.remaining() / kMinTensorBytes) {
    return absl::DataLossError(absl::StrCat(tensor_count, " tensors do not fit the file"));
  }
  if (metadata_count > reader.remaining() / kMinMetadataBytes) {
    return absl::DataLossError(
        absl::StrCat(metadata_count, " metadata entries do not fit the file"));
  }
  if (absl::Status s = ReadMetadata(reader, metadata_count, &header); !s.ok()) return s;
  const absl::StatusOr<uint64_t> alignment = Alignment(header);
  if (!alignment.ok()) return alignment.status();

  std::vector<TensorEntry> entries;
  for (uint64_t i = 0; i < tensor_count; ++i) {
    absl::StatusOr<TensorEntry> entry = ReadTensorEntry(reader);
    if (!entry.ok()) return entry.status();
    entries.push_back(*std::move(entry));
  }
  const uint64_t data_start = (reader.offset() + *alignment - 1) / *alignment * *alignment;
  if (absl::Status s = PlaceTensors(file, data_start, *alignment, std::move(entries), &header);
      !s.ok()) {
    return s;
  }
  return header;
}

}  // namespace assay::engine
