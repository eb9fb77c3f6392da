// Measures the cost of telemetry: metrics, the access line, a trace, a scrape.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "registry/catalog/catalog.h"
#include "server/events/daemon_events.h"
#include "server/events/log.h"
#include "server/events/request_spans.h"
#include "server/serving/generation_types.h"
#include "server/serving/request_record.h"
#include "server/tracing/otlp_json.h"
#include "spdlog/sinks/null_sink.h"
#include "spdlog/spdlog.h"

namespace assay::server {
namespace {

constexpr int kModels = 10;
constexpr int kTokens = 256;

// A request of 256 tokens to one of ten models, and its record.
struct RecordedRequest {
  RecordedRequest() : events({"1", "2", "cpu"}, {}) {
    registry::Catalog catalog;
    for (int i = 0; i < kModels; ++i) catalog.models.push_back({.id = absl::StrCat("model_", i)});
    events.Declare(catalog, {});
    events.metrics().DeclareMethods({record.context.method});
    call.prompt = "Why we measure";
    result.model = "model_3";
    result.usage.completion_tokens = kTokens;
    result.times.total = absl::Seconds(1);
    record.model = "model_3";
    record.content_type = "linkedin";
    record.rule = "fixed";
    record.duration = absl::Seconds(1);
    record.routed = absl::Microseconds(50);
    record.accepted = absl::Microseconds(70);
    record.call = &call;
    record.result = &result;
    record.token_gaps.assign(kTokens - 1, absl::Milliseconds(4));
    record.context = {.request_id = RandomHex(16),
                      .trace = ContinueTrace("", "", 0),
                      .method = "assay.v1.InferenceService/Generate",
                      .peer = "ipv4:127.0.0.1:40000"};
  }

  DaemonEvents events;
  GenerateCall call;
  GenerateResult result;
  RequestRecord record;
};

void CountTokens(benchmark::State& state) {
  state.counters["per_token"] = benchmark::Counter(
      kTokens, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

// Metrics and the access line, which every request costs.
void BM_Request(benchmark::State& state) {
  RecordedRequest request;
  for ([[maybe_unused]] auto unused : state) request.events.OnRequest(request.record);
  CountTokens(state);
}
BENCHMARK(BM_Request)->ThreadRange(1, 2);

// The spans of a sampled request, and their JSON, which the exporter's thread writes.
void BM_Trace(benchmark::State& state) {
  const RecordedRequest request;
  for ([[maybe_unused]] auto unused : state) {
    benchmark::DoNotOptimize(ToOtlpJson(RequestSpans(request.record, false), {}, "1"));
  }
  CountTokens(state);
}
BENCHMARK(BM_Trace);

void BM_Scrape(benchmark::State& state) {
  RecordedRequest request;
  size_t bytes = 0;
  for ([[maybe_unused]] auto unused : state) bytes = request.events.metrics().Text().size();
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(BM_Scrape)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace assay::server

int main(int argc, char** argv) {
  // Log lines are formatted and discarded.
  spdlog::set_default_logger(spdlog::null_logger_mt("bench"));
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
