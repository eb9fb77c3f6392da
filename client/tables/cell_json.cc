// Cells of Arrow tables as JSON.
#include "client/tables/cell_json.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "arrow/array.h"
#include "arrow/scalar.h"
#include "arrow/type.h"
#include "base/status_macros.h"
#include "base/utf8.h"

namespace assay::client {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 16;

absl::StatusOr<Json> ToJson(const arrow::Scalar& value, int depth);

absl::StatusOr<Json> TextJson(const arrow::BaseBinaryScalar& value) {
  const std::string_view text(reinterpret_cast<const char*>(value.value->data()),
                              static_cast<size_t>(value.value->size()));
  if (const std::optional<size_t> invalid = FindInvalidUtf8(text)) {
    return absl::InvalidArgumentError(
        absl::StrCat("is not UTF-8 at byte ", *invalid, "; save the table as UTF-8"));
  }
  return Json(std::string(text));
}

absl::StatusOr<Json> ListJson(const arrow::BaseListScalar& value, int depth) {
  Json list = Json::array();
  for (int64_t i = 0; i < value.value->length(); ++i) {
    const auto item = value.value->GetScalar(i);
    if (!item.ok()) return absl::InvalidArgumentError(item.status().message());
    ASSIGN_OR_RETURN(Json json, ToJson(**item, depth));
    list.push_back(std::move(json));
  }
  return list;
}

absl::StatusOr<Json> StructJson(const arrow::StructScalar& value, int depth) {
  Json object = Json::object();
  for (size_t i = 0; i < value.value.size(); ++i) {
    ASSIGN_OR_RETURN(object[value.type->field(static_cast<int>(i))->name()],
                     ToJson(*value.value[i], depth));
  }
  return object;
}

template <typename Scalar>
Json Plain(const arrow::Scalar& value) {
  return static_cast<const Scalar&>(value).value;
}

absl::StatusOr<Json> ToJson(const arrow::Scalar& value, int depth) {
  if (!value.is_valid) return Json();
  if (depth >= kMaxDepth) {
    return absl::InvalidArgumentError(
        absl::StrCat("is nested more than ", kMaxDepth, " levels deep"));
  }
  switch (value.type->id()) {
    case arrow::Type::NA:
      return Json();
    case arrow::Type::BOOL:
      return Plain<arrow::BooleanScalar>(value);
    case arrow::Type::INT8:
      return Plain<arrow::Int8Scalar>(value);
    case arrow::Type::INT16:
      return Plain<arrow::Int16Scalar>(value);
    case arrow::Type::INT32:
      return Plain<arrow::Int32Scalar>(value);
    case arrow::Type::INT64:
      return Plain<arrow::Int64Scalar>(value);
    case arrow::Type::UINT8:
      return Plain<arrow::UInt8Scalar>(value);
    case arrow::Type::UINT16:
      return Plain<arrow::UInt16Scalar>(value);
    case arrow::Type::UINT32:
      return Plain<arrow::UInt32Scalar>(value);
    case arrow::Type::UINT64:
      return Plain<arrow::UInt64Scalar>(value);
    case arrow::Type::FLOAT:
      return Plain<arrow::FloatScalar>(value);
    case arrow::Type::DOUBLE:
      return Plain<arrow::DoubleScalar>(value);
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
      return TextJson(static_cast<const arrow::BaseBinaryScalar&>(value));
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::LIST_VIEW:
    case arrow::Type::LARGE_LIST_VIEW:
      return ListJson(static_cast<const arrow::BaseListScalar&>(value), depth + 1);
    case arrow::Type::STRUCT:
      return StructJson(static_cast<const arrow::StructScalar&>(value), depth + 1);
    case arrow::Type::DICTIONARY: {
      const auto decoded = static_cast<const arrow::DictionaryScalar&>(value).GetEncodedValue();
      if (!decoded.ok()) return absl::InvalidArgumentError(decoded.status().message());
      return ToJson(**decoded, depth + 1);
    }
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("has the type ", value.type->ToString(),
                       ", which cannot be read; convert the column to text"));
  }
}

}  // namespace

absl::StatusOr<Json> CellJson(const arrow::Scalar& value) { return ToJson(value, 0); }

}  // namespace assay::client
