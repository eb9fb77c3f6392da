// Reads and describes metadata values of GGUF headers.
#include "engine/formats/gguf_value.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/formats/byte_reader.h"
#include "engine/formats/quoted.h"

namespace assay::engine {
namespace {

// Vocabularies have about 300,000 entries. The limit bounds the memory of arrays with a small
// element type, which grow when they are read.
constexpr uint64_t kMaxArrayElements = uint64_t{1} << 24;
// The longest strings are chat templates of about 20,000 bytes.
constexpr uint64_t kMaxStringBytes = uint64_t{16} << 20;

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

// Reads a value of type Stored and converts it to Kept.
template <typename Stored, typename Kept>
absl::Status ReadAs(ByteReader& reader, Kept* out) {
  Stored value = 0;
  RETURN_IF_ERROR(reader.Read(&value));
  *out = static_cast<Kept>(value);
  return absl::OkStatus();
}

absl::Status ReadBool(ByteReader& reader, bool* out) {
  uint8_t value = 0;
  RETURN_IF_ERROR(reader.Read(&value));
  if (value > 1) return absl::DataLossError(absl::StrCat("boolean has the value ", value));
  *out = value == 1;
  return absl::OkStatus();
}

absl::Status LongerThanFile(uint64_t count) {
  return absl::DataLossError(absl::StrCat("array of ", count, " elements is longer than the file"));
}

template <typename Kept, typename ReadOne>
absl::StatusOr<GgufArray> ReadArrayOf(ByteReader& reader, uint64_t count, uint64_t min_bytes,
                                      ReadOne read) {
  if (count > reader.remaining() / min_bytes) return LongerThanFile(count);
  std::vector<Kept> values;
  values.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    Kept value = {};
    RETURN_IF_ERROR(read(reader, &value));
    values.push_back(std::move(value));
  }
  return GgufArray(std::move(values));
}

absl::StatusOr<GgufArray> ReadArray(ByteReader& reader) {
  uint32_t type = 0;
  uint64_t count = 0;
  RETURN_IF_ERROR(reader.Read(&type));
  RETURN_IF_ERROR(reader.Read(&count));
  if (count > kMaxArrayElements) {
    return absl::DataLossError(
        absl::StrCat("array has ", count, " elements; the limit is ", kMaxArrayElements));
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
          [](ByteReader& r, std::string* out) { return r.ReadString(kMaxStringBytes, out); });
    case ValueType::kBool: {
      std::vector<bool> flags;
      if (count > reader.remaining()) return LongerThanFile(count);
      for (uint64_t i = 0; i < count; ++i) {
        bool flag = false;
        RETURN_IF_ERROR(ReadBool(reader, &flag));
        flags.push_back(flag);
      }
      return GgufArray(std::move(flags));
    }
    case ValueType::kArray:
      return absl::UnimplementedError("arrays of arrays are not supported");
  }
  return absl::DataLossError(absl::StrCat("array has the unknown element type ", type));
}

struct Describer {
  std::string operator()(int64_t number) const { return absl::StrCat("the whole number ", number); }
  std::string operator()(uint64_t number) const {
    return absl::StrCat("the whole number ", number);
  }
  std::string operator()(double number) const {
    return absl::StrCat("the floating-point number ", number);
  }
  std::string operator()(bool flag) const {
    return flag ? "the boolean true" : "the boolean false";
  }
  std::string operator()(const std::string& text) const {
    return absl::StrCat("the string ", Quoted(text));
  }
  std::string operator()(const GgufArray& array) const {
    static constexpr const char* kElements[] = {"whole numbers", "whole numbers",
                                                "floating-point numbers", "booleans", "strings"};
    const size_t size = std::visit([](const auto& values) { return values.size(); }, array);
    return absl::StrCat("an array of ", size, " ", kElements[array.index()]);
  }
};

template <typename Stored, typename Kept>
absl::StatusOr<GgufValue> ReadScalar(ByteReader& reader) {
  Kept value = 0;
  RETURN_IF_ERROR(ReadAs<Stored, Kept>(reader, &value));
  return GgufValue(value);
}

}  // namespace

absl::StatusOr<GgufValue> ReadGgufValue(ByteReader& reader) {
  uint32_t type = 0;
  RETURN_IF_ERROR(reader.Read(&type));
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
      RETURN_IF_ERROR(ReadBool(reader, &flag));
      return GgufValue(flag);
    }
    case ValueType::kString: {
      std::string text;
      RETURN_IF_ERROR(reader.ReadString(kMaxStringBytes, &text));
      return GgufValue(std::move(text));
    }
    case ValueType::kArray: {
      ASSIGN_OR_RETURN(GgufArray array, ReadArray(reader));
      return GgufValue(std::move(array));
    }
  }
  return absl::DataLossError(absl::StrCat("has the unknown type ", type));
}

std::string DescribeGgufValue(const GgufValue& value) { return std::visit(Describer{}, value); }

}  // namespace assay::engine
