// Computes greedy tokens and logits of a model over JSON lines, for the scripts that compare with
// transformers.
//
// In:  {"op": "greedy", "prompt": "...", "raw": true, "max_new_tokens": 64}
//      {"op": "greedy", "tokens": [1, 2], "max_new_tokens": 64}
//      {"op": "logits", "tokens": [1, 2], "last_only": true}
//      {"op": "tokenize", "messages": [...], "tools": [...], "variables": {...},
//       "chat_template": "rag", "parse_special": true}
// Out: {"prompt_tokens": [...], "tokens": [...], "text": "..."}, {"logits": [[...]]}, {"tokens":
// [...]} or {"error": "..."}. With --memory the first line is {"before": ..., "peak": ...,
// "resident": ..., "seconds":
// ...}: the resident bytes before the load, their peak during it, and after it, for
// bench/loading.py.
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "engine/runtime/language_model.h"
#include "nlohmann/json.hpp"

namespace {

using assay::engine::GenerationRequest;
using assay::engine::LanguageModel;
using assay::engine::Prompt;
using assay::engine::TokenId;
using nlohmann::json;

json Error(const absl::Status& status) { return {{"error", status.ToString()}}; }

json Greedy(LanguageModel& model, const json& in) {
  GenerationRequest request;
  request.prompt.tokens = in.value("tokens", std::vector<TokenId>());
  request.prompt.text = in.value("prompt", "");
  request.prompt.raw = in.value("raw", false);
  request.max_new_tokens = in.value("max_new_tokens", 64);
  const auto prompt = model.Tokenize(request.prompt);
  if (!prompt.ok()) return Error(prompt.status());
  const auto result = model.Generate(request, nullptr);
  if (!result.ok()) return Error(result.status());
  return {{"prompt_tokens", *prompt}, {"tokens", result->tokens}, {"text", result->text}};
}

// The order of keys is a part of the prompt.
json Tokenize(LanguageModel& model, const std::string& line) {
  const auto in = nlohmann::ordered_json::parse(line);
  Prompt prompt;
  for (nlohmann::ordered_json message : in.value("messages", nlohmann::ordered_json::array())) {
    const auto role = message.at("role").get<std::string>();
    message.erase("role");
    prompt.chat.push_back({role, "", message.dump()});
  }
  prompt.text = in.value("prompt", "");
  prompt.raw = in.value("raw", false);
  if (in.contains("tools")) prompt.tools = in["tools"].dump();
  if (in.contains("variables")) prompt.variables = in["variables"].dump();
  prompt.chat_template = in.value("chat_template", "");
  prompt.parse_special = in.value("parse_special", false);
  const auto tokens = model.Tokenize(prompt);
  if (!tokens.ok()) return Error(tokens.status());
  return {{"tokens", *tokens}};
}

json Logits(LanguageModel& model, const json& in) {
  const auto logits = model.Logits(in.at("tokens").get<std::vector<TokenId>>());
  if (!logits.ok()) return Error(logits.status());
  const auto vocab = static_cast<size_t>(model.info().vocab_size);
  json rows = json::array();
  const size_t first = in.value("last_only", false) ? logits->size() - vocab : 0;
  for (size_t start = first; start < logits->size(); start += vocab) {
    const auto row = absl::MakeConstSpan(*logits).subspan(start, vocab);
    rows.push_back(std::vector<float>(row.begin(), row.end()));
  }
  return {{"logits", std::move(rows)}};
}

json Answer(LanguageModel& model, const std::string& line) {
  try {
    const json in = json::parse(line);
    const auto op = in.at("op").get<std::string>();
    if (op == "greedy") return Greedy(model, in);
    if (op == "logits") return Logits(model, in);
    if (op == "tokenize") return Tokenize(model, line);
    return {{"error", "unknown op " + op}};
  } catch (const json::exception& error) {
    return {{"error", error.what()}};
  }
}

// Returns a value of /proc/self/status in bytes; 0 on systems without /proc.
int64_t StatusBytes(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    int64_t kilobytes = 0;
    if (word == key && file >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Answers JSON lines from standard input on standard output");
  assay::engine::LoadOptions options;
  std::string device = "cpu";
  app.add_option("--model", options.path, "GGUF file or folder")->required();
  app.add_option("--device", device, "auto, cpu, cuda, mps")->capture_default_str();
  app.add_option("--dtype", options.dtype, "auto, float32, float16, bfloat16")
      ->capture_default_str();
  app.add_option("--weights", options.weights, "auto, full, int8, int4")->capture_default_str();
  app.add_option("--kv-cache", options.kv_cache, "auto, float32, float16, int8")
      ->capture_default_str();
  app.add_option("--context", options.context_length, "0 = the model's own");
  bool memory = false;
  app.add_flag("--memory", memory, "Print the memory and duration of the load first");
  CLI11_PARSE(app, argc, argv);
  assay::engine::SetCpuThreads(0);
  const auto resolved = assay::engine::ResolveDevice(device);
  if (!resolved.ok()) {
    std::cerr << resolved.status() << '\n';
    return 1;
  }
  options.device = *resolved;
  const int64_t before = StatusBytes("VmRSS:");
  // Resets the peak.
  std::ofstream("/proc/self/clear_refs") << "5";
  const absl::Time start = absl::Now();
  const auto model = LanguageModel::Load(options);
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  if (!model.ok()) {
    std::cerr << model.status() << '\n';
    return 1;
  }
  if (memory) {
    std::cout << json{{"before", before},
                      {"peak", StatusBytes("VmHWM:")},
                      {"resident", StatusBytes("VmRSS:")},
                      {"seconds", seconds}}
              << std::endl;
  }
  std::string line;
  while (std::getline(std::cin, line)) std::cout << Answer(**model, line) << std::endl;
  return 0;
}
