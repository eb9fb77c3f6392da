// W3C Trace Context: the trace that a call belongs to.
#include "server/tracing/trace_context.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/random/random.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace assay::server {
namespace {

constexpr size_t kVersionDigits = 2;
constexpr size_t kTraceDigits = 32;
constexpr size_t kSpanDigits = 16;
constexpr size_t kFlagDigits = 2;
// version-trace-span-flags
constexpr size_t kHeaderBytes = kVersionDigits + kTraceDigits + kSpanDigits + kFlagDigits + 3;
constexpr uint32_t kSampledFlag = 1;
constexpr size_t kMaxStateBytes = 512;
constexpr int kDigitsPerDraw = 16;

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsId(std::string_view text) {
  return IsHex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

std::optional<TraceParent> ParseTraceParent(std::string_view header) {
  if (header.size() < kHeaderBytes) return std::nullopt;
  size_t at = 0;
  const auto take = [&](size_t digits) {
    const std::string_view field = header.substr(at, digits);
    at += digits + 1;
    return field;
  };
  const std::string_view version = take(kVersionDigits);
  const std::string_view trace_id = take(kTraceDigits);
  const std::string_view span_id = take(kSpanDigits);
  const std::string_view flags = take(kFlagDigits);
  const bool dashes = header[kVersionDigits] == '-' &&
                      header[kVersionDigits + 1 + kTraceDigits] == '-' &&
                      header[kHeaderBytes - kFlagDigits - 1] == '-';
  // A later version may continue after another dash.
  const bool ends =
      header.size() == kHeaderBytes || (version != "00" && header[kHeaderBytes] == '-');
  if (!dashes || !ends || !IsHex(version) || version == "ff" || !IsHex(flags) || !IsId(trace_id) ||
      !IsId(span_id)) {
    return std::nullopt;
  }
  uint32_t bits = 0;
  if (!absl::SimpleHexAtoi(absl::string_view(flags.data(), flags.size()), &bits)) {
    return std::nullopt;
  }
  return TraceParent{.trace_id = std::string(trace_id),
                     .span_id = std::string(span_id),
                     .sampled = (bits & kSampledFlag) != 0};
}

TraceContext ContinueTrace(std::string_view traceparent, std::string_view tracestate,
                           double ratio) {
  TraceContext context{.span_id = RandomHex(kSpanDigits)};
  if (std::optional<TraceParent> parent = ParseTraceParent(traceparent)) {
    context.trace_id = std::move(parent->trace_id);
    context.parent_span_id = std::move(parent->span_id);
    context.sampled = parent->sampled;
    if (tracestate.size() <= kMaxStateBytes) context.state = tracestate;
    return context;
  }
  context.trace_id = RandomHex(kTraceDigits);
  thread_local absl::BitGen random;
  context.sampled = absl::Bernoulli(random, ratio);
  return context;
}

std::string RandomHex(int digits) {
  thread_local absl::BitGen random;
  std::string hex;
  for (int i = 0; i < digits; i += kDigitsPerDraw) {
    absl::StrAppend(
        &hex, absl::Hex(absl::Uniform<uint64_t>(absl::IntervalClosed, random, 1, ~uint64_t{0}),
                        absl::kZeroPad16));
  }
  return hex;
}

}  // namespace assay::server
