// Serializes spans as OTLP JSON.
#include "server/tracing/otlp_json.h"

#include <cstdint>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace assay::server {
namespace {

using nlohmann::json;

constexpr int kStatusError = 2;

// proto3's JSON mapping represents 64-bit integers as strings.
json ToJson(const AttributeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return {{"stringValue", *text}};
  if (const auto* number = std::get_if<int64_t>(&value)) {
    return {{"intValue", absl::StrCat(*number)}};
  }
  if (const auto* number = std::get_if<double>(&value)) return {{"doubleValue", *number}};
  if (const auto* flag = std::get_if<bool>(&value)) return {{"boolValue", *flag}};
  json values = json::array();
  for (const std::string& text : std::get<std::vector<std::string>>(value)) {
    values.push_back({{"stringValue", text}});
  }
  return {{"arrayValue", {{"values", std::move(values)}}}};
}

json ToJson(const Attributes& attributes) {
  json all = json::array();
  for (const auto& [key, value] : attributes) {
    all.push_back({{"key", key}, {"value", ToJson(value)}});
  }
  return all;
}

std::string Nanoseconds(absl::Time time) { return absl::StrCat(absl::ToUnixNanos(time)); }

json ToJson(const Span& span) {
  json out = {{"traceId", span.trace_id},
              {"spanId", span.span_id},
              {"name", span.name},
              {"kind", static_cast<int>(span.kind)},
              {"startTimeUnixNano", Nanoseconds(span.start)},
              {"endTimeUnixNano", Nanoseconds(span.end)},
              {"attributes", ToJson(span.attributes)},
              {"status", json::object()}};
  if (!span.parent_span_id.empty()) out["parentSpanId"] = span.parent_span_id;
  if (!span.trace_state.empty()) out["traceState"] = span.trace_state;
  if (!span.error.empty()) out["status"] = {{"code", kStatusError}, {"message", span.error}};
  return out;
}

}  // namespace

std::string ToOtlpJson(absl::Span<const Span> spans, const Attributes& resource,
                       const std::string& version) {
  json all = json::array();
  for (const Span& span : spans) all.push_back(ToJson(span));
  const json scope = {{"scope", {{"name", "assayd"}, {"version", version}}},
                      {"spans", std::move(all)}};
  const json request = {
      {"resourceSpans",
       {{{"resource", {{"attributes", ToJson(resource)}}}, {"scopeSpans", {scope}}}}}};
  return request.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace assay::server
