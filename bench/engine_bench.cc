// Load time, speed and memory of one model: one JSON line, in the form of the peers' script.
//
// decode_tps: tokens/s after the first, one stream of 128 tokens after a prompt of 32. decode4_tps,
// decode16_tps: tokens/s of so many streams together, after prompts of 64, from
// the moment that all have their first token to the end of the first. prefill_tps: prompt tokens/s on 1000 tokens, the first new token
// included; first_token_ms of that, and of the same prompt when it is cached. Greedy; the median of
// the repeats, after one short run that warms everything up.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/runtime/language_model.h"
#include "nlohmann/json.hpp"

namespace {

using assay::engine::GenerationRequest;
using assay::engine::GenerationResult;
using assay::engine::GenerationStream;
using assay::engine::LanguageModel;
using assay::engine::TextEvent;
using assay::engine::TokenId;

constexpr int kDecodePrompt = 32;
constexpr int kDecodeTokens = 128;
constexpr int kStreamPrompt = 64;
// Enough that all write for a while before the first ends.
constexpr int kStreamTokens = 384;
constexpr int kPrefillPrompt = 1000;
constexpr int kWarmUpTokens = 8;

// Consecutive ids, in another place of the vocabulary each time: nothing is cached.
GenerationRequest Request(const LanguageModel& model, int prompt_tokens, int new_tokens) {
  static TokenId first = 100;
  constexpr TokenId kStep = 37;
  first += kStep;
  GenerationRequest request;
  for (int i = 0; i < prompt_tokens; ++i) {
    request.prompt.tokens.push_back((first + i) % model.info().vocab_size);
  }
  request.max_new_tokens = new_tokens;
  request.ignore_end_of_text = true;
  request.arrival = absl::Now();
  return request;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Tokens/s of `streams` requests at once, between the moment that all write and the first end.
absl::StatusOr<double> Together(LanguageModel& model, int streams) {
  std::vector<std::shared_ptr<GenerationStream>> running;
  for (int i = 0; i < streams; ++i) {
    auto stream = model.Submit(Request(model, kStreamPrompt, kStreamTokens));
    if (!stream.ok()) return stream.status();
    running.push_back(*std::move(stream));
  }
  int64_t tokens = 0;
  // Every stream's events with the time they are seen: one reader a stream.
  struct Seen {
    std::vector<absl::Time> tokens;
    absl::Status status;
  };
  std::vector<Seen> seen(static_cast<size_t>(streams));
  std::vector<std::thread> readers;
  for (int i = 0; i < streams; ++i) {
    readers.emplace_back([&, i] {
      while (auto event = running[static_cast<size_t>(i)]->Next(absl::InfiniteDuration())) {
        if (const auto* text = std::get_if<TextEvent>(&*event)) {
          for (size_t k = 0; k < text->tokens.size(); ++k) {
            seen[static_cast<size_t>(i)].tokens.push_back(absl::Now());
          }
          continue;
        }
        seen[static_cast<size_t>(i)].status =
            std::get<absl::StatusOr<GenerationResult>>(*event).status();
        return;
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  absl::Time all_write = absl::InfinitePast();
  absl::Time end = absl::InfiniteFuture();
  for (const Seen& one : seen) {
    if (!one.status.ok()) return one.status;
    all_write = std::max(all_write, one.tokens.front());
    end = std::min(end, one.tokens.back());
  }
  for (const Seen& one : seen) {
    for (const absl::Time time : one.tokens) {
      if (time > all_write && time <= end) ++tokens;
    }
  }
  return static_cast<double>(tokens) / absl::ToDoubleSeconds(end - all_write);
}

int64_t ResidentBytes() {
  std::ifstream file("/proc/self/status");
  std::string word;
  while (file >> word) {
    int64_t kilobytes = 0;
    if (word == "VmRSS:" && file >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

absl::StatusOr<nlohmann::json> Measure(const assay::engine::LoadOptions& options, int repeats) {
  const int64_t before = ResidentBytes();
  auto model = LanguageModel::Load(options);
  if (!model.ok()) return model.status();
  const int64_t loaded = ResidentBytes() - before;
  const auto run = [&](const GenerationRequest& request) {
    return (*model)->Generate(request, nullptr);
  };
  const auto warm = run(Request(**model, kDecodePrompt, kWarmUpTokens));
  if (!warm.ok()) return warm.status();
  std::vector<double> decode;
  std::vector<double> prefill;
  std::vector<double> first_token;
  std::vector<double> first_token_cached;
  std::vector<double> decode4;
  std::vector<double> decode16;
  for (int i = 0; i < repeats; ++i) {
    const auto decoded = run(Request(**model, kDecodePrompt, kDecodeTokens));
    if (!decoded.ok()) return decoded.status();
    decode.push_back(1.0 / absl::ToDoubleSeconds(decoded->timings.per_token));
    GenerationRequest long_prompt = Request(**model, kPrefillPrompt, 1);
    const auto read = run(long_prompt);
    if (!read.ok()) return read.status();
    prefill.push_back(kPrefillPrompt / absl::ToDoubleSeconds(read->timings.prefill));
    first_token.push_back(absl::ToDoubleMilliseconds(read->timings.first_token));
    long_prompt.arrival = absl::Now();
    const auto cached = run(long_prompt);
    if (!cached.ok()) return cached.status();
    first_token_cached.push_back(absl::ToDoubleMilliseconds(cached->timings.first_token));
    for (auto& [streams, results] : {std::pair(4, &decode4), std::pair(16, &decode16)}) {
      const auto speed = Together(**model, streams);
      if (!speed.ok()) return speed.status();
      results->push_back(*speed);
    }
  }
  return nlohmann::json{{"peer", "assay"},
                        {"device", (*model)->info().device},
                        {"dtype", (*model)->info().dtype},
                        {"weights", (*model)->info().quantization},
                        {"threads", options.device.threads},
                        {"load_s", absl::ToDoubleSeconds((*model)->info().load_time)},
                        {"decode_tps", Median(decode)},
                        {"decode4_tps", Median(decode4)},
                        {"decode16_tps", Median(decode16)},
                        {"prefill_tps", Median(prefill)},
                        {"first_token_ms", Median(first_token)},
                        {"first_token_cached_ms", Median(first_token_cached)},
                        {"loaded_mib", static_cast<double>(loaded) / (1 << 20)}};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Load time, speed and memory of one model, as one JSON line");
  assay::engine::LoadOptions options;
  std::string device = "cpu";
  int threads = 0;
  int repeats = 1;
  app.add_option("--model", options.path, "GGUF file")->required();
  app.add_option("--device", device, "auto, cpu, cuda, mps")->capture_default_str();
  app.add_option("--threads", threads, "CPU threads; 0 = physical cores")->capture_default_str();
  app.add_option("--dtype", options.dtype, "auto, float32, float16, bfloat16")
      ->capture_default_str();
  app.add_option("--repeats", repeats, "runs of each measurement; the median counts")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--weights", options.weights, "auto, full, int8, int4")->capture_default_str();
  app.add_option("--kv-cache", options.kv_cache, "auto, float32, float16")->capture_default_str();
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
