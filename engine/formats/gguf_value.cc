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

constexpr uint64_t kMaxArrayElements = uint64_t{1} << 24;
// Vocabularies have about 300,000 entries. These limits bound the memory of elements, which can be
// many times the bytes of the file.
constexpr uint64_t kMaxNumbers = uint64_t{1} << 22;
constexpr uint64_t kMaxStrings = uint64_t{1} << 20;
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

absl::Status TooManyElements(uint64_t count, uint64_t limit) {
  return absl::DataLossError(absl::StrCat("array has ", count, " elements; the limit is ", limit));
}

// Skips the elements of an array and checks those of types that can be invalid.
absl::Status SkipElements(ByteReader& reader, ValueType type, uint64_t count) {
  const auto skip = [&](uint64_t bytes) {
    if (count > reader.remaining() / bytes) return LongerThanFile(count);
    return reader.Skip(count * bytes).status();
  };
  switch (type) {
    case ValueType::kUint8:
    case ValueType::kInt8:
      return skip(1);
    case ValueType::kUint16:
    case ValueType::kInt16:
      return skip(2);
    case ValueType::kUint32:
    case ValueType::kInt32:
    case ValueType::kFloat32:
      return skip(4);
    case ValueType::kUint64:
    case ValueType::kInt64:
    case ValueType::kFloat64:
      return skip(8);
    case ValueType::kString:
      if (count > reader.remaining() / sizeof(uint64_t)) return LongerThanFile(count);
      for (uint64_t i = 0; i < count; ++i) {
        RETURN_IF_ERROR(reader.SkipString(kMaxStringBytes).status());
      }
      return absl::OkStatus();
    case ValueType::kBool:
      if (count > reader.remaining()) return LongerThanFile(count);
      for (uint64_t i = 0; i < count; ++i) {
        bool flag = false;
        RETURN_IF_ERROR(ReadBool(reader, &flag));
      }
      return absl::OkStatus();
    case ValueType::kArray:
      return absl::UnimplementedError("arrays of arrays are not supported");
  }
  return absl::DataLossError(
      absl::StrCat("array has the unknown element type ", static_cast<uint32_t>(type)));
}

absl::StatusOr<GgufArray> ReadArray(ByteReader& reader) {
  GgufArray array = {};
  RETURN_IF_ERROR(reader.Read(&array.type));
  RETURN_IF_ERROR(reader.Read(&array.count));
  if (array.count > kMaxArrayElements) return TooManyElements(array.count, kMaxArrayElements);
  ByteReader elements = reader;
  RETURN_IF_ERROR(SkipElements(reader, static_cast<ValueType>(array.type), array.count));
  ASSIGN_OR_RETURN(array.bytes, elements.Skip(reader.offset() - elements.offset()));
  return array;
}

template <typename Kept, typename ReadOne>
absl::StatusOr<GgufItems> ReadItems(const GgufArray& array, uint64_t limit, ReadOne read) {
  if (array.count > limit) return TooManyElements(array.count, limit);
  ByteReader reader(array.bytes);
  std::vector<Kept> values;
  values.reserve(array.count);
  for (uint64_t i = 0; i < array.count; ++i) {
    Kept value = {};
    RETURN_IF_ERROR(read(reader, &value));
    values.push_back(std::move(value));
  }
  return GgufItems(std::move(values));
}

template <typename Stored, typename Kept>
absl::StatusOr<GgufItems> ReadNumbers(const GgufArray& array) {
  return ReadItems<Kept>(array, kMaxNumbers, ReadAs<Stored, Kept>);
}

// How errors describe the elements of a type.
const char* DescribeElements(ValueType type) {
  if (type == ValueType::kString) return "strings";
  if (type == ValueType::kBool) return "booleans";
  const bool floats = type == ValueType::kFloat32 || type == ValueType::kFloat64;
  return floats ? "floating-point numbers" : "whole numbers";
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
    return absl::StrCat("an array of ", array.count, " ",
                        DescribeElements(static_cast<ValueType>(array.type)));
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

absl::StatusOr<GgufItems> DecodeGgufArray(const GgufArray& array) {
  switch (static_cast<ValueType>(array.type)) {
    case ValueType::kUint8:
      return ReadNumbers<uint8_t, uint64_t>(array);
    case ValueType::kInt8:
      return ReadNumbers<int8_t, int64_t>(array);
    case ValueType::kUint16:
      return ReadNumbers<uint16_t, uint64_t>(array);
    case ValueType::kInt16:
      return ReadNumbers<int16_t, int64_t>(array);
    case ValueType::kUint32:
      return ReadNumbers<uint32_t, uint64_t>(array);
    case ValueType::kInt32:
      return ReadNumbers<int32_t, int64_t>(array);
    case ValueType::kUint64:
      return ReadNumbers<uint64_t, uint64_t>(array);
    case ValueType::kInt64:
      return ReadNumbers<int64_t, int64_t>(array);
    case ValueType::kFloat32:
      return ReadNumbers<float, double>(array);
    case ValueType::kFloat64:
      return ReadNumbers<double, double>(array);
    case ValueType::kString:
      return ReadItems<std::string>(array, kMaxStrings, [](ByteReader& reader, std::string* out) {
        return reader.ReadString(kMaxStringBytes, out);
      });
    case ValueType::kBool: {
      if (array.count > kMaxNumbers) return TooManyElements(array.count, kMaxNumbers);
      ByteReader reader(array.bytes);
      std::vector<bool> flags;
      for (uint64_t i = 0; i < array.count; ++i) {
        bool flag = false;
        RETURN_IF_ERROR(ReadBool(reader, &flag));
        flags.push_back(flag);
      }
      return GgufItems(std::move(flags));
    }
    case ValueType::kArray:
      break;
  }
  return absl::InternalError("the array was not checked");
}

std::string DescribeGgufValue(const GgufValue& value) { return std::visit(Describer{}, value); }

}  // namespace assay::engine
