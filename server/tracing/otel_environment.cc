// Reads OpenTelemetry's standard environment variables.
#include "server/tracing/otel_environment.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "base/http/url.h"
#include "server/tracing/trace_context.h"

namespace assay::server {
namespace {

constexpr absl::Duration kDefaultTimeout = absl::Seconds(10);
constexpr int kMaxTimeoutMs = 600'000;
constexpr int kInstanceDigits = 32;

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Variable {
  std::string name;
  std::string value;
};

Variable Read(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return {name, value == nullptr ? "" : std::string(absl::StripAsciiWhitespace(value))};
}

// Reads the variable for traces, or else the one for all signals.
Variable ReadExporter(const std::string& suffix) {
  Variable traces = Read("OTEL_EXPORTER_OTLP_TRACES_" + suffix);
  return traces.value.empty() ? Read("OTEL_EXPORTER_OTLP_" + suffix) : traces;
}

absl::Status InvalidVariable(const Variable& variable, std::string_view shown,
                             std::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat("the environment variable ", variable.name, "='",
                                                 std::string(shown), "': ", std::string(expected)));
}

bool IsToken(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("!#$%&'*+-.^_`|~", c);
  });
}

// Parses a list in W3C Baggage format, as OpenTelemetry uses it. Returns nullopt if it is
// malformed.
std::optional<Pairs> ParsePairs(const std::string& text) {
  Pairs pairs;
  for (const absl::string_view item : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(item, absl::MaxSplits('=', 1));
    const std::string key(absl::StripAsciiWhitespace(parts.first));
    const std::string value =
        http::UrlUnescape(std::string(absl::StripAsciiWhitespace(parts.second)));
    const bool one_line = std::none_of(value.begin(), value.end(), absl::ascii_iscntrl);
    if (!IsToken(key) || !absl::StrContains(item, '=') || !one_line) return std::nullopt;
    pairs.emplace_back(key, value);
  }
  return pairs;
}

std::string ResolveEndpoint(const std::string& configured) {
  if (!configured.empty()) return configured;
  const Variable traces = Read("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  if (!traces.value.empty()) return traces.value;
  const Variable all = Read("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (all.value.empty()) return "";
  return absl::StrCat(absl::StripSuffix(all.value, "/"), "/v1/traces");
}

}  // namespace

absl::StatusOr<std::optional<OtlpTarget>> ReadOtlpTarget(const std::string& endpoint) {
  OtlpTarget target{.url = ResolveEndpoint(endpoint)};
  if (target.url.empty() || absl::EqualsIgnoreCase(Read("OTEL_SDK_DISABLED").value, "true")) {
    return std::nullopt;
  }
  if (const auto origin = http::OriginOf(target.url); !origin.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", http::WithoutSecrets(target.url),
        "': expected the address of an OTLP receiver over HTTP, like "
        "http://127.0.0.1:4318/v1/traces (tracing.endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)"));
  }
  const Variable headers = ReadExporter("HEADERS");
  std::optional<Pairs> pairs = ParsePairs(headers.value);
  if (!pairs.has_value()) {
    return InvalidVariable(headers, "(not shown)", "expected name=value,name=value");
  }
  target.headers = *std::move(pairs);
  target.http.timeout = kDefaultTimeout;
  if (const Variable timeout = ReadExporter("TIMEOUT"); !timeout.value.empty()) {
    int milliseconds = 0;
    if (!absl::SimpleAtoi(timeout.value, &milliseconds) || milliseconds < 1 ||
        milliseconds > kMaxTimeoutMs) {
      return InvalidVariable(timeout, timeout.value,
                             absl::StrCat("expected milliseconds, 1 to ", kMaxTimeoutMs));
    }
    target.http.timeout = absl::Milliseconds(milliseconds);
  }
  const Variable certificate = ReadExporter("CERTIFICATE");
  target.http.ca_path = certificate.value;
  target.http.ca_variable = certificate.name;
  return target;
}

Attributes ReadResource(const std::string& version) {
  const std::string name = Read("OTEL_SERVICE_NAME").value;
  Attributes resource = {{"service.name", name.empty() ? "assayd" : name},
                         {"service.version", version},
                         {"service.instance.id", RandomHex(kInstanceDigits)}};
  // A malformed value is ignored, as the specification requires.
  const Pairs configured_attributes =
      ParsePairs(Read("OTEL_RESOURCE_ATTRIBUTES").value).value_or(Pairs());
  for (const auto& [key, value] : configured_attributes) {
    const auto same = std::find_if(resource.begin(), resource.end(), [&key](const auto& attribute) {
      return attribute.first == key;
    });
    if (same == resource.end()) {
      resource.emplace_back(key, value);
    } else if (key != "service.name" || name.empty()) {
      same->second = value;
    }
  }
  return resource;
}

}  // namespace assay::server
