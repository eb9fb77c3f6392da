// Tests the OTLP JSON encoding. tests/integration/telemetry_test.py checks it against real
// receivers.
#include "server/tracing/otlp_json.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace assay::server {
namespace {

using nlohmann::json;

Span SomeSpan() {
  return {.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
          .span_id = "00f067aa0ba902b7",
          .name = "call",
          .kind = SpanKind::kServer,
          .start = absl::FromUnixNanos(1'700'000'000'123'456'789),
          .end = absl::FromUnixNanos(1'700'000'001'123'456'789)};
}

TEST(OtlpJsonTest, EncodesEveryAttributeType) {
  Span span = SomeSpan();
  span.attributes = {{"text", "a"},
                     {"number", int64_t{9007199254740993}},
                     {"real", 0.5},
                     {"flag", true},
                     {"list", std::vector<std::string>{"x", "y"}}};
  const json request = json::parse(ToOtlpJson({&span, 1}, {{"service.name", "assayd"}}, "1.2"));
  const json& resource = request.at("resourceSpans").at(0);
  EXPECT_EQ(resource.at("resource").at("attributes"),
            json::parse(R"([{"key": "service.name", "value": {"stringValue": "assayd"}}])"));
  const json& scope = resource.at("scopeSpans").at(0);
  EXPECT_EQ(scope.at("scope"), json::parse(R"({"name": "assayd", "version": "1.2"})"));
  const json& out = scope.at("spans").at(0);
  EXPECT_EQ(out.at("traceId"), span.trace_id);
  EXPECT_EQ(out.at("kind"), 2);
  EXPECT_EQ(out.at("startTimeUnixNano"), "1700000000123456789");
  EXPECT_EQ(out.at("status"), json::object());
  EXPECT_FALSE(out.contains("parentSpanId"));
  EXPECT_FALSE(out.contains("traceState"));
  EXPECT_EQ(out.at("attributes"), json::parse(R"([
      {"key": "text", "value": {"stringValue": "a"}},
      {"key": "number", "value": {"intValue": "9007199254740993"}},
      {"key": "real", "value": {"doubleValue": 0.5}},
      {"key": "flag", "value": {"boolValue": true}},
      {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "x"},
                                                           {"stringValue": "y"}]}}}])"));
}

TEST(OtlpJsonTest, EncodesParentStateAndError) {
  Span span = SomeSpan();
  span.parent_span_id = "b7ad6b7169203331";
  span.trace_state = "vendor=1";
  span.error = "\xff broken";
  const json out = json::parse(ToOtlpJson({&span, 1}, {}, ""))
                       .at("resourceSpans")
                       .at(0)
                       .at("scopeSpans")
                       .at(0)
                       .at("spans")
                       .at(0);
  EXPECT_EQ(out.at("parentSpanId"), "b7ad6b7169203331");
  EXPECT_EQ(out.at("traceState"), "vendor=1");
  EXPECT_EQ(out.at("status").at("code"), 2);
  EXPECT_EQ(out.at("status").at("message"), "\xef\xbf\xbd broken");
}

}  // namespace
}  // namespace assay::server
