// Encodes and decodes for the scripts in tests/golden/text. Reads JSON lines on stdin and writes
// JSON lines to stdout.
//
//   {"encode": "text", "parse_special": true} -> {"ids": [...]} or {"error": "..."}
//   {"decode": [ids], "skip_special": false}  -> {"text": "..."}
//   {"template_tokens": true} -> {"template_tokens": {"bos_token": "<s>", ...}}
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/formats/gguf.h"
#include "engine/tokenizer/gguf_tokenizer.h"
#include "engine/tokenizer/pipeline_tokenizer.h"
#include "engine/tokenizer/tokenizer.h"
#include "nlohmann/json.hpp"

namespace {

using assay::engine::Tokenizer;
using Json = nlohmann::json;

Json Answer(const Tokenizer& tokenizer, const Json& request) {
  if (request.contains("encode")) {
    const auto ids = tokenizer.Encode(request["encode"].get<std::string>(),
                                      {.parse_special = request.value("parse_special", true),
                                       .add_special = request.value("add_special", false)});
    if (!ids.ok()) return {{"error", std::string(ids.status().message())}};
    return {{"ids", *ids}};
  }
  if (request.contains("template_tokens")) {
    Json named = Json::object();
    for (const auto& [name, spelling] : tokenizer.template_tokens()) named[name] = spelling;
    return {{"template_tokens", named}};
  }
  const auto text = tokenizer.Decode(request["decode"].get<std::vector<assay::engine::TokenId>>(),
                                     request.value("skip_special", false));
  if (!text.ok()) return {{"error", std::string(text.status().message())}};
  return {{"text", *text}};
}

absl::StatusOr<std::unique_ptr<Tokenizer>> Open(const std::string& path, const std::string& pre) {
  if (std::filesystem::is_directory(path)) return assay::engine::MakeTokenizerFromFolder(path);
  const auto file = assay::engine::GgufFile::Open(path);
  if (!file.ok()) return file.status();
  auto parts = assay::engine::ReadGgufTokenizer(**file, pre);
  if (!parts.ok()) return parts.status();
  return assay::engine::PipelineTokenizer::Make(*std::move(parts));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: tokenizer_probe MODEL.gguf|FOLDER [PRE_TOKENIZER]\n";
    return 2;
  }
  const auto tokenizer = Open(argv[1], argc == 3 ? argv[2] : "");
  if (!tokenizer.ok()) {
    std::cerr << tokenizer.status() << "\n";
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << Answer(**tokenizer, Json::parse(line)).dump() << "\n";
  }
  return 0;
}
