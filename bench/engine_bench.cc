// Load time, decode and prefill speed of one model: one JSON line, in the form of the peers'
// script.
//
// decode_tps: tokens/s after the first, one stream of 128 tokens after a prompt of 32. prefill_tps:
// prompt tokens/s on 1000 tokens, the first new token included. Greedy; after one short run that
// warms everything up.
#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/runtime/language_model.h"
#include "nlohmann/json.hpp"

namespace {

using assay::engine::GenerationRequest;
using assay::engine::GenerationResult;
using assay::engine::LanguageModel;
using assay::engine::TokenId;

constexpr int kDecodePrompt = 32;
constexpr int kDecodeTokens = 128;
constexpr int kPrefillPrompt = 1000;
constexpr int kWarmUpTokens = 8;

absl::StatusOr<GenerationResult> Run(LanguageModel& model, int prompt_tokens, int new_tokens) {
  // The peers' prompt: consecutive ids in the middle of the vocabulary.
  constexpr TokenId kFirstId = 100;
  GenerationRequest request;
  for (int i = 0; i < prompt_tokens; ++i) {
    request.prompt.tokens.push_back((kFirstId + i) % model.info().vocab_size);
  }
  request.max_new_tokens = new_tokens;
  request.ignore_end_of_text = true;
  request.arrival = absl::Now();
  return model.Generate(request, nullptr);
}

absl::StatusOr<nlohmann::json> Measure(const assay::engine::LoadOptions& options, int repeats) {
  auto model = LanguageModel::Load(options);
  if (!model.ok()) return model.status();
  if (const auto warm = Run(**model, kDecodePrompt, kWarmUpTokens); !warm.ok()) {
    return warm.status();
  }
  double decode = 0.0;
  double prefill = 0.0;
  for (int i = 0; i < repeats; ++i) {
    const auto decoded = Run(**model, kDecodePrompt, kDecodeTokens);
    if (!decoded.ok()) return decoded.status();
    decode = std::max(decode, 1.0 / absl::ToDoubleSeconds(decoded->timings.per_token));
    const auto read = Run(**model, kPrefillPrompt, 1);
    if (!read.ok()) return read.status();
    prefill = std::max(prefill, kPrefillPrompt / absl::ToDoubleSeconds(read->timings.prefill));
  }
  return nlohmann::json{{"peer", "assay"},
                        {"device", (*model)->info().device},
                        {"dtype", (*model)->info().dtype},
                        {"threads", options.device.threads},
                        {"load_s", absl::ToDoubleSeconds((*model)->info().load_time)},
                        {"decode_tps", decode},
                        {"prefill_tps", prefill}};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Load time, decode and prefill speed of one model, as one JSON line");
  assay::engine::LoadOptions options;
  std::string device = "cpu";
  int threads = 0;
  int repeats = 1;
  app.add_option("--model", options.path, "GGUF file")->required();
  app.add_option("--device", device, "auto, cpu, cuda, mps")->capture_default_str();
  app.add_option("--threads", threads, "CPU threads; 0 = physical cores")->capture_default_str();
  app.add_option("--dtype", options.dtype, "auto, float32, float16, bfloat16")
      ->capture_default_str();
  app.add_option("--repeats", repeats, "runs of each measurement; the best counts")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  assay::engine::SetCpuThreads(threads);
  const auto resolved = assay::engine::ResolveDevice(device);
  if (!resolved.ok()) {
    std::cerr << resolved.status() << '\n';
    return 1;
  }
  options.device = *resolved;
  const auto line = Measure(options, repeats);
  if (!line.ok()) {
    std::cerr << line.status() << '\n';
    return 1;
  }
  std::cout << *line << std::endl;
  return 0;
}
