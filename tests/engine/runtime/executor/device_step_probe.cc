// Prints the operators that the device executor calls in one decoding step.
//
//   device_step_probe FOLDER...
//
// Each line is {"model", "layers", "sequences", "weights", "operators": [[depth, name], ...]}:
// every operator that libtorch dispatched in a step of `sequences` sequences of different lengths,
// in order; an operator of depth n + 1 was called by the last one of depth n. Each model runs with
// one layer and with two, so that the difference is what a layer needs.
#include <ATen/record_function.h>
#include <c10/core/InferenceMode.h>

#include <cstdint>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "engine/architectures/model_files.h"
#include "engine/kernels/kv_pages.h"
#include "engine/runtime/executor/device_executor.h"
#include "engine/runtime/executor/device_turns.h"
#include "engine/runtime/executor/transformer_weights.h"
#include "engine/runtime/executor/weight_loader.h"
#include "engine/runtime/generation/sampling.h"

namespace assay::engine {
namespace {

using nlohmann::json;

constexpr int64_t kContext = 128;
constexpr int64_t kMaxSequences = 32;
constexpr int64_t kPagesPerSequence = kContext / kPageTokens;

json operators = json::array();
int depth = 0;

std::unique_ptr<at::ObserverContext> OnStart(const at::RecordFunction& function) {
  operators.push_back({depth++, function.name()});
  return nullptr;
}
void OnEnd(const at::RecordFunction&, at::ObserverContext*) { --depth; }

std::vector<int32_t> PagesOf(int64_t sequence) {
  std::vector<int32_t> pages;
  for (int64_t page = 0; page < kPagesPerSequence; ++page) {
    pages.push_back(static_cast<int32_t>(sequence * kPagesPerSequence + page));
  }
  return pages;
}

// Prefills `sequences` prompts of different lengths, then records one step of them.
absl::Status RecordStep(ModelExecutor& executor, int64_t sequences) {
  std::vector<std::vector<int32_t>> pages;
  std::vector<std::vector<TokenId>> prompts;
  for (int64_t i = 0; i < sequences; ++i) {
    pages.push_back(PagesOf(i));
    prompts.emplace_back(static_cast<size_t>(3 + i), TokenId{1});
  }
  std::vector<SequenceChunk> chunks;
  for (size_t i = 0; i < prompts.size(); ++i) {
    chunks.push_back({.pages = pages[i], .tokens = prompts[i]});
  }
  RETURN_IF_ERROR(executor.Run({.chunks = chunks}));
  chunks.clear();
  const TokenId next = 2;
  std::vector<Sampler> samplers(static_cast<size_t>(sequences), Sampler(SamplingParams()));
  std::vector<TokenChoice> choices;
  for (int64_t i = 0; i < sequences; ++i) {
    const auto length = static_cast<int64_t>(prompts[static_cast<size_t>(i)].size());
    chunks.push_back({.pages = pages[static_cast<size_t>(i)],
                      .tokens = {&next, 1},
                      .position = length,
                      .first_length = length});
    choices.push_back({.first_row = i, .sampler = &samplers[static_cast<size_t>(i)]});
  }
  operators = json::array();
  const auto handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback(OnStart, OnEnd).scopes({at::RecordScope::FUNCTION}));
  absl::Status done = executor.Run({.chunks = chunks, .choices = absl::MakeSpan(choices)});
  at::removeCallback(handle);
  for (const TokenChoice& choice : choices) RETURN_IF_ERROR(choice.tokens.status());
  return done;
}

absl::Status Probe(const std::string& folder, const std::string& name, WeightBits bits,
                   int64_t layers, int64_t sequences) {
  ASSIGN_OR_RETURN(const ModelFiles files, OpenModelFiles(folder));
  TimeSliceQueue& turns = DeviceTurns("cpu");
  ThreadPool pool(1);
  WeightLoader loader(*files.tensors, &pool, &turns, {});
  ModelSpec spec = files.spec;
  if (spec.layers < layers) return absl::InvalidArgumentError("the model has too few layers");
  std::unique_ptr<ModelExecutor> executor;
  {
    const c10::InferenceMode inference;
    ASSIGN_OR_RETURN(TransformerWeights weights,
                     LoadTransformerWeights(files, loader, at::kFloat, {.bits = bits}));
    spec.layers = layers;
    executor = MakeDeviceExecutor(spec, std::move(weights), kContext,
                                  kMaxSequences * kPagesPerSequence, DeviceQuirks(), turns);
  }
  RETURN_IF_ERROR(RecordStep(*executor, sequences));
  const char* const weights = bits == WeightBits::kInt8   ? "int8"
                              : bits == WeightBits::kInt4 ? "int4"
                                                          : "full";
  std::cout << json{{"model", name},
                    {"layers", layers},
                    {"sequences", sequences},
                    {"weights", weights},
                    {"operators", operators}}
            << '\n';
  return absl::OkStatus();
}

}  // namespace
}  // namespace assay::engine

int main(int argc, char** argv) {
  using assay::engine::WeightBits;
  for (int i = 1; i < argc; ++i) {
    const std::string folder = argv[i];
    const std::string name = folder.substr(folder.find_last_of('/') + 1);
    for (const WeightBits bits : {WeightBits::kFull, WeightBits::kInt8, WeightBits::kInt4}) {
      for (const int64_t layers : {1, 2}) {
        for (const int64_t sequences : {int64_t{1}, int64_t{2}, assay::engine::kMaxSequences}) {
          const absl::Status done = assay::engine::Probe(folder, name, bits, layers, sequences);
          if (done.ok()) continue;
          std::cerr << folder << ": " << done << '\n';
          return 1;
        }
      }
    }
  }
  return 0;
}
