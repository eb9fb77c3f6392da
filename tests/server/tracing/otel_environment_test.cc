// Tests reading OpenTelemetry's environment variables.
#include "server/tracing/otel_environment.h"

#include <cstdlib>
#include <map>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Variables = std::map<std::string, std::string>;

class Environment {
 public:
  explicit Environment(Variables variables) : variables_(std::move(variables)) {
    for (const auto& [name, value] : variables_) setenv(name.c_str(), value.c_str(), 1);
  }
  ~Environment() {
    for (const auto& [name, value] : variables_) unsetenv(name.c_str());
  }

 private:
  const Variables variables_;
};

absl::StatusOr<std::optional<OtlpTarget>> TargetWith(const Variables& variables,
                                                     const std::string& endpoint = "") {
  const Environment environment(variables);
  return ReadOtlpTarget(endpoint);
}

std::string UrlWith(const Variables& variables, const std::string& endpoint = "") {
  const auto target = TargetWith(variables, endpoint);
  if (!target.ok()) return std::string(target.status().message());
  return target->has_value() ? (*target)->url : "none";
}

TEST(OtelEnvironmentTest, ConfigurationOverridesVariables) {
  const Variables both = {{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:1/spans"},
                          {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:2/prefix/"}};
  EXPECT_EQ(UrlWith(both, "http://mine:3/v1/traces"), "http://mine:3/v1/traces");
  EXPECT_EQ(UrlWith(both), "http://traces:1/spans");
  EXPECT_EQ(UrlWith({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:2/prefix/"}}),
            "http://all:2/prefix/v1/traces");
  EXPECT_EQ(UrlWith({}), "none");
  EXPECT_EQ(UrlWith({{"OTEL_SDK_DISABLED", "true"}}, "http://mine:3"), "none");
}

TEST(OtelEnvironmentTest, TraceVariablesOverrideGeneralOnes) {
  const auto target = TargetWith({{"OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20abc, b=2"},
                                  {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "1500"},
                                  {"OTEL_EXPORTER_OTLP_TIMEOUT", "9"},
                                  {"OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"}},
                                 "http://mine:3");
  ASSERT_TRUE(target.ok()) << target.status();
  ASSERT_EQ((*target)->headers.size(), 2U);
  EXPECT_EQ((*target)->headers[0].second, "Basic abc");
  EXPECT_EQ((*target)->headers[1].first, "b");
  EXPECT_EQ((*target)->http.timeout, absl::Milliseconds(1500));
  EXPECT_EQ((*target)->http.ca_path, "/ca.pem");
}

TEST(OtelEnvironmentTest, ErrorsNameTheVariableAndHideSecrets) {
  for (const char* headers : {"secret", "a b=secret", "x=secret%0aInjected: 1", "=secret"}) {
    const auto target = TargetWith({{"OTEL_EXPORTER_OTLP_HEADERS", headers}}, "http://mine:3");
    ASSERT_FALSE(target.ok()) << headers;
    EXPECT_THAT(std::string(target.status().message()), HasSubstr("OTEL_EXPORTER_OTLP_HEADERS"));
    EXPECT_THAT(std::string(target.status().message()), Not(HasSubstr("secret")));
  }
  EXPECT_THAT(UrlWith({{"OTEL_EXPORTER_OTLP_TIMEOUT", "soon"}}, "http://mine:3"),
              HasSubstr("OTEL_EXPORTER_OTLP_TIMEOUT='soon'"));
  EXPECT_THAT(UrlWith({}, "collector:4317"), HasSubstr("tracing.endpoint"));
  EXPECT_THAT(UrlWith({}, "ftp://u:secret@host/"), Not(HasSubstr("secret")));
}

TEST(OtelEnvironmentTest, ReadsServiceNameAndResourceAttributes) {
  const Environment environment({{"OTEL_SERVICE_NAME", "writer"},
                                 {"OTEL_RESOURCE_ATTRIBUTES", "service.name=other,site=berlin"}});
  const Attributes resource = ReadResource("1.2");
  std::map<std::string, std::string> values;
  for (const auto& [key, value] : resource) values[key] = std::get<std::string>(value);
  EXPECT_EQ(values["service.name"], "writer");
  EXPECT_EQ(values["service.version"], "1.2");
  EXPECT_EQ(values["site"], "berlin");
  EXPECT_EQ(values["service.instance.id"].size(), 32U);
  EXPECT_EQ(values.size(), resource.size());
}

}  // namespace
}  // namespace assay::server
