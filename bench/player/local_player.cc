// Plays plans (plan.h) in this process without a daemon, to compare with gRPC. It supports streams
// with prompt, max_new_tokens and raw. All requests of a plan start at once, and none is cancelled.
#include <cstddef>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/player/plan.h"
#include "engine/runtime/language_model.h"

namespace assay::bench {
namespace {

using engine::GenerationResult;
using engine::LanguageModel;
using engine::TextEvent;

engine::GenerationRequest ToEngine(const assay::v1::GenerateRequest& request) {
  engine::GenerationRequest out;
  out.prompt.text = request.prompt();
  out.prompt.raw = request.raw();
  out.max_new_tokens = request.max_new_tokens();
  return out;
}

void SetResult(const absl::StatusOr<GenerationResult>& result, Outcome* outcome) {
  outcome->code = absl::StatusCodeToString(result.status().code());
  outcome->message = std::string(result.status().message());
  if (!result.ok()) return;
  outcome->completed.set_text(result->text);
  assay::v1::Usage* usage = outcome->completed.mutable_usage();
  usage->set_prompt_tokens(result->prompt_tokens);
  usage->set_cached_tokens(result->cached_tokens);
  usage->set_completion_tokens(static_cast<int>(result->tokens.size()));
}

// Runs a request to its end, on a thread of its own.
void Follow(LanguageModel& model, const PlannedRequest& planned, const Stopwatch& watch,
            Outcome* outcome) {
  outcome->start = watch.Elapsed();
  const auto stream = model.Submit(ToEngine(planned.request));
  if (!stream.ok()) {
    SetResult(stream.status(), outcome);
    return;
  }
  while (auto event = (*stream)->Next(absl::InfiniteDuration())) {
    if (const auto* text = std::get_if<TextEvent>(&*event)) {
      outcome->deltas.push_back({watch.Elapsed(), static_cast<int>(text->tokens.size())});
      continue;
    }
    SetResult(std::get<absl::StatusOr<GenerationResult>>(*event), outcome);
    break;
  }
  outcome->end = watch.Elapsed();
}

std::vector<Outcome> Play(LanguageModel& model, const std::vector<PlannedRequest>& plan) {
  const Stopwatch watch;
  std::vector<Outcome> outcomes(plan.size());
  std::vector<std::thread> threads;
  threads.reserve(plan.size());
  for (size_t i = 0; i < plan.size(); ++i) {
    threads.emplace_back([&, i] { Follow(model, plan[i], watch, &outcomes[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  return outcomes;
}

}  // namespace
}  // namespace assay::bench

int main(int argc, char** argv) {
  CLI::App app("Plays plans of requests (bench/player/plan.h) in this process");
  assay::engine::LoadOptions options;
  int threads = 0;
  app.add_option("--model", options.path, "GGUF file")->required();
  app.add_option("--threads", threads, "CPU threads; 0 = physical cores")->capture_default_str();
  app.add_option("--context", options.context_length,
                 "Context length in tokens; 0 = the model's own")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  assay::engine::SetCpuThreads(threads);
  const auto device = assay::engine::ResolveDevice("cpu");
  if (!device.ok()) {
    std::cerr << device.status() << '\n';
    return 1;
  }
  options.device = *device;
  // Drafts are off as in bench/serving/streams.py.
  options.draft_tokens = 0;
  const auto model = assay::engine::LanguageModel::Load(options);
  if (!model.ok()) {
    std::cerr << model.status() << '\n';
    return 1;
  }
  return assay::bench::ServePlans([&](const std::vector<assay::bench::PlannedRequest>& plan) {
    return assay::bench::Play(**model, plan);
  });
}
