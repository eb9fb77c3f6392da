// Measures load time, speed and memory of one model. Prints one JSON line in the form of
// bench/peers.py:
//
// - decode1, decode4, decode16: tokens/s of so many concurrent streams after prompts of 64 tokens,
//   from the moment that all have their first token to the end of the first stream.
// - prefill32, prefill256, prefill1000: prompt tokens/s, the first new token included.
// - first_token_ms: time to the first token after a prompt of 1000 tokens; first_token_cached_ms:
//   the same with the prompt in the prefix cache.
// - rewrite1, rewrite1_plain: tokens/s of one stream that answers the text of --rewrite, with and
//   without draft tokens; rewrite1_accepted: the fraction of its tokens that were accepted drafts.
// - load_s, reload_s: duration of the first load, and of loads after an unload.
// - loaded_mib, filled_mib: growth of the process, and growth with 2000 tokens in the KV cache.
//
// Generation is greedy. Only rewrite1 has draft tokens. Each result is a list with one value per
// repeat, after a short warm-up run. A repeat that measured nothing has words instead of a number:
// "no tokens" if a stream had none, because the model ended at once or its tokens have no text, and
// "too few tokens" if a speed needs more. --only decode16,prefill runs only measurements whose
// names begin with one of these prefixes, for example for a profile.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "engine/runtime/language_model.h"
#include "nlohmann/json.hpp"

namespace {

using assay::engine::GenerationRequest;
using assay::engine::GenerationResult;
using assay::engine::GenerationStream;
using assay::engine::LanguageModel;
using assay::engine::TextEvent;
using assay::engine::TokenId;

constexpr int kStreamPrompt = 64;
// Enough tokens that all streams decode together for a while before the first ends.
constexpr int kStreamTokens = 384;
constexpr int kLongPrompt = 1000;
constexpr int kFillPrompt = 2000;
constexpr int kWarmUpTokens = 8;
constexpr int kRewriteTokens = 256;

// Returns a request with consecutive token ids from another part of the vocabulary each time, so
// that no prefix is cached.
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
  request.drafts = false;
  request.arrival = assay::SteadyTime::Now();
  return request;
}

constexpr char kNoTokens[] = "no tokens";
constexpr char kTooFewTokens[] = "too few tokens";

// Returns the tokens/s of `streams` concurrent requests, from the moment that all decode to the
// first end; or words if there is nothing to measure.
absl::StatusOr<nlohmann::json> MeasureStreams(LanguageModel& model, int streams) {
  std::vector<std::shared_ptr<GenerationStream>> running;
  for (int i = 0; i < streams; ++i) {
    ASSIGN_OR_RETURN(auto stream, model.Submit(Request(model, kStreamPrompt, kStreamTokens)));
    running.push_back(std::move(stream));
  }
  int64_t tokens = 0;
  // The arrival times of the tokens of a stream; one reader per stream.
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
  absl::Time all_decode = absl::InfinitePast();
  absl::Time end = absl::InfiniteFuture();
  for (const Seen& one : seen) {
    if (!one.status.ok()) return one.status;
    if (one.tokens.empty()) return nlohmann::json(kNoTokens);
    all_decode = std::max(all_decode, one.tokens.front());
    end = std::min(end, one.tokens.back());
  }
  // A stream ended before all of them had a first token.
  if (all_decode >= end) return nlohmann::json(kTooFewTokens);
  for (const Seen& one : seen) {
    for (const absl::Time time : one.tokens) {
      if (time > all_decode && time <= end) ++tokens;
    }
  }
  return nlohmann::json(static_cast<double>(tokens) / absl::ToDoubleSeconds(end - all_decode));
}

// Returns the tokens/s of a stream after its first token, or words if it has fewer than two.
nlohmann::json DecodeSpeed(const GenerationResult& written) {
  if (written.tokens.empty()) return kNoTokens;
  if (written.timings.per_token <= absl::ZeroDuration()) return kTooFewTokens;
  return absl::Seconds(1) / written.timings.per_token;
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

// Measures the answer to a text that it largely repeats.
absl::Status Rewrite(LanguageModel& model, const std::string& text, nlohmann::json* results) {
  std::vector<TokenId> plain;
  for (const bool drafts : {false, true}) {
    GenerationRequest request;
    request.prompt.text = text;
    request.max_new_tokens = kRewriteTokens;
    request.drafts = drafts;
    request.arrival = assay::SteadyTime::Now();
    ASSIGN_OR_RETURN(const auto written, model.Generate(request, nullptr));
    (*results)[drafts ? "rewrite1" : "rewrite1_plain"].push_back(DecodeSpeed(written));
    if (!drafts) continue;
    (*results)["rewrite1_accepted"].push_back(
        written.tokens.empty() ? nlohmann::json(kNoTokens)
                               : nlohmann::json(static_cast<double>(written.accepted_tokens) /
                                                static_cast<double>(written.tokens.size())));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadText(const std::string& path) {
  std::ifstream file(path);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file || text.empty()) return absl::NotFoundError(absl::StrCat("no text in ", path));
  return text;
}

// Returns true if the measurement is selected: its name begins with a prefix of `only`, or `only`
// is empty.
bool IsSelected(const std::vector<std::string>& only, absl::string_view name) {
  return only.empty() || std::any_of(only.begin(), only.end(), [&](const std::string& prefix) {
           return absl::StartsWith(name, prefix);
         });
}

// Runs the selected measurements once and adds each result under its name.
absl::Status Repeat(LanguageModel& model, const std::vector<std::string>& only,
                    nlohmann::json* results) {
  for (const int streams : {1, 4, 16}) {
    if (!IsSelected(only, absl::StrCat("decode", streams))) continue;
    ASSIGN_OR_RETURN(nlohmann::json speed, MeasureStreams(model, streams));
    (*results)[absl::StrCat("decode", streams)].push_back(std::move(speed));
  }
  for (const int length : {32, 256, kLongPrompt}) {
    if (!IsSelected(only, absl::StrCat("prefill", length))) continue;
    GenerationRequest request = Request(model, length, 1);
    ASSIGN_OR_RETURN(const auto read, model.Generate(request, nullptr));
    (*results)[absl::StrCat("prefill", length)].push_back(
        length / absl::ToDoubleSeconds(read.timings.prefill));
    if (length != kLongPrompt) continue;
    (*results)["first_token_ms"].push_back(absl::ToDoubleMilliseconds(read.timings.first_token));
    request.arrival = assay::SteadyTime::Now();
    ASSIGN_OR_RETURN(const auto cached, model.Generate(request, nullptr));
    (*results)["first_token_cached_ms"].push_back(
        absl::ToDoubleMilliseconds(cached.timings.first_token));
  }
  return absl::OkStatus();
}

absl::StatusOr<nlohmann::json> Measure(const assay::engine::LoadOptions& options,
                                       const std::string& rewrite, int repeats,
                                       const std::vector<std::string>& only) {
  constexpr double kMebibyte = 1 << 20;
  const int64_t before = ResidentBytes();
  auto model = LanguageModel::Load(options);
  if (!model.ok()) return model.status();
  const assay::engine::LoadTimes& times = (*model)->info().load_times;
  nlohmann::json results = {{"peer", "assay"},
                            {"device", (*model)->info().device},
                            {"weights", (*model)->info().quantization},
                            {"threads", options.device.threads},
                            {"load_s", absl::ToDoubleSeconds(times.total)},
                            {"load_files_s", absl::ToDoubleSeconds(times.files)},
                            {"load_tokenizer_s", absl::ToDoubleSeconds(times.tokenizer)},
                            {"load_weights_s", absl::ToDoubleSeconds(times.weights)},
                            {"load_warm_up_s", absl::ToDoubleSeconds(times.warm_up)},
                            {"loaded_mib", (ResidentBytes() - before) / kMebibyte}};
  ASSIGN_OR_RETURN(const auto filled,
                   (*model)->Generate(Request(**model, kFillPrompt, 1), nullptr));
  results["filled_mib"] = (ResidentBytes() - before) / kMebibyte;
  ASSIGN_OR_RETURN(const auto warm,
                   (*model)->Generate(Request(**model, kStreamPrompt, kWarmUpTokens), nullptr));
  for (int i = 0; i < repeats; ++i) {
    RETURN_IF_ERROR(Repeat(**model, only, &results));
    if (rewrite.empty() || !IsSelected(only, "rewrite1")) continue;
    RETURN_IF_ERROR(Rewrite(**model, rewrite, &results));
  }
  for (int i = 0; i < repeats && IsSelected(only, "reload"); ++i) {
    model->reset();
    model = LanguageModel::Load(options);
    if (!model.ok()) return model.status();
    results["reload_s"].push_back(absl::ToDoubleSeconds((*model)->info().load_times.total));
  }
  return results;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Load time, speed and memory of one model, as one JSON line");
  assay::engine::LoadOptions options;
  std::string device = "cpu";
  int threads = 0;
  int repeats = 5;
  std::string rewrite_path;
  std::vector<std::string> only;
  app.add_option("--model", options.path, "GGUF file")->required();
  app.add_option("--device", device, "auto, cpu, cuda, mps")->capture_default_str();
  app.add_option("--threads", threads, "CPU threads; 0 = physical cores")->capture_default_str();
  app.add_option("--dtype", options.dtype, "auto, float32, float16, bfloat16")
      ->capture_default_str();
  app.add_option("--repeats", repeats, "Number of runs of each measurement")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--context", options.context_length,
                 "Context length in tokens; 0 = the model's own")
      ->capture_default_str();
  app.add_option("--weights", options.weights, "auto, full, int8, int4")->capture_default_str();
  app.add_option("--kv-cache", options.kv_cache, "auto, float32, float16, int8")
      ->capture_default_str();
  app.add_option("--rewrite", rewrite_path,
                 "File with a text to answer, for the measurement of draft tokens");
  app.add_option("--draft-tokens", options.draft_tokens, "Maximum number of draft tokens")
      ->capture_default_str();
  app.add_option("--only", only,
                 "Prefixes of the measurements to run, such as decode1, prefill, reload")
      ->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  assay::engine::SetCpuThreads(threads);
  const auto resolved = assay::engine::ResolveDevice(device);
  if (!resolved.ok()) {
    std::cerr << resolved.status() << '\n';
    return 1;
  }
  options.device = *resolved;
  const auto rewrite =
      rewrite_path.empty() ? absl::StatusOr<std::string>("") : ReadText(rewrite_path);
  if (!rewrite.ok()) {
    std::cerr << rewrite.status() << '\n';
    return 1;
  }
  const auto line = Measure(options, *rewrite, repeats, only);
  if (!line.ok()) {
    std::cerr << line.status() << '\n';
    return 1;
  }
  std::cout << *line << std::endl;
  return 0;
}
