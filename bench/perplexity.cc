// Measures the perplexity of a model on a text: the loss of quality by quantized weights and KV
// caches. Prints one JSON line.
//
//   bin/assay-perplexity --model m.gguf --text topics.py
//   bin/assay-perplexity --model m.gguf --text topics.py --weights full --kv-cache float32
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "engine/runtime/language_model.h"
#include "nlohmann/json.hpp"

namespace {

using assay::engine::LanguageModel;
using assay::engine::TokenId;

struct Options {
  std::string text;
  size_t tokens = 20480;
  size_t window = 1024;
};

// Returns -log p(token), from the logits before it.
double Loss(absl::Span<const float> logits, TokenId token) {
  const float max = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit - max));
  return std::log(sum) - static_cast<double>(logits[static_cast<size_t>(token)] - max);
}

absl::StatusOr<nlohmann::json> Measure(const assay::engine::LoadOptions& load,
                                       const Options& options) {
  std::ifstream file(options.text, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(options.text, ": cannot be opened"));
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ASSIGN_OR_RETURN(auto model, LanguageModel::Load(load));
  ASSIGN_OR_RETURN(auto tokens,
                   model->tokenizer().Encode(text, {.parse_special = false, .add_special = false}));
  if (tokens.size() < options.tokens) {
    return absl::InvalidArgumentError(absl::StrCat(options.text, ": has ", tokens.size(),
                                                   " tokens; --tokens is ", options.tokens));
  }
  const auto vocab = static_cast<size_t>(model->info().vocab_size);
  double loss = 0.0;
  size_t counted = 0;
  for (size_t begin = 0; begin + options.window <= options.tokens; begin += options.window) {
    const auto window = absl::MakeConstSpan(tokens).subspan(begin, options.window);
    ASSIGN_OR_RETURN(const auto logits, model->Logits(window));
    // The first half of a window is only the context of the second half.
    for (size_t t = options.window / 2; t < options.window; ++t) {
      loss += Loss(absl::MakeConstSpan(logits).subspan((t - 1) * vocab, vocab), window[t]);
      ++counted;
    }
  }
  return nlohmann::json{{"perplexity", std::exp(loss / static_cast<double>(counted))},
                        {"text", options.text},
                        {"tokens_read", options.tokens},
                        {"tokens_counted", counted},
                        {"weights", model->info().quantization},
                        {"kv_cache", load.kv_cache}};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Perplexity of a model on a text, as one JSON line");
  assay::engine::LoadOptions load;
  Options options;
  std::string device = "cpu";
  app.add_option("--model", load.path, "GGUF file or folder")->required();
  app.add_option("--text", options.text, "File with a UTF-8 text")->required();
  app.add_option("--tokens", options.tokens, "Number of tokens of the text to read")
      ->capture_default_str();
  app.add_option("--window", options.window, "Tokens computed at once; only the second half counts")
      ->check(CLI::Range(2, 1 << 16))
      ->capture_default_str();
  app.add_option("--device", device, "auto, cpu, cuda, mps")->capture_default_str();
  app.add_option("--weights", load.weights, "auto, full, int8, int4")->capture_default_str();
  app.add_option("--kv-cache", load.kv_cache, "auto, float32, float16, int8")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  assay::engine::SetCpuThreads(0);
  const auto resolved = assay::engine::ResolveDevice(device);
  if (!resolved.ok()) {
    std::cerr << resolved.status() << '\n';
    return 1;
  }
  load.device = *resolved;
  const auto line = Measure(load, options);
  if (!line.ok()) {
    std::cerr << line.status() << '\n';
    return 1;
  }
  std::cout << *line << std::endl;
  return 0;
}
