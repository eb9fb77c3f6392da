// Encodes and decodes for scripts: JSON lines on stdin, JSON lines on stdout.
//
//   {"encode": "text", "parse_special": true} -> {"ids": [...]} or {"error": "..."}
//   {"decode": [ids], "skip_special": false}  -> {"text": "..."}
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/formats/gguf.h"
#include "engine/text/byte_level_tokenizer.h"
#include "engine/text/gguf_tokenizer.h"
#include "engine/text/tokenizer.h"
#include "nlohmann/json.hpp"

namespace {

using assay::engine::Tokenizer;
using Json = nlohmann::json;

Json Answer(const Tokenizer& tokenizer, const Json& request) {
  if (request.contains("encode")) {
    const auto ids = tokenizer.Encode(request["encode"].get<std::string>(),
                                      {.parse_special = request.value("parse_special", true)});
    if (!ids.ok()) return {{"error", std::string(ids.status().message())}};
    return {{"ids", *ids}};
  }
  const auto text = tokenizer.Decode(request["decode"].get<std::vector<assay::engine::TokenId>>(),
                                     request.value("skip_special", false));
  if (!text.ok()) return {{"error", std::string(text.status().message())}};
  return {{"text", *text}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: tokenizer_probe MODEL.gguf [PRE_TOKENIZER]\n";
    return 2;
  }
  const auto file = assay::engine::GgufFile::Open(argv[1]);
  if (!file.ok()) {
    std::cerr << file.status() << "\n";
    return 1;
  }
  auto vocabulary = assay::engine::ReadByteLevelVocabulary(**file);
  if (!vocabulary.ok()) {
    std::cerr << vocabulary.status() << "\n";
    return 1;
  }
  if (argc == 3) vocabulary->pre_tokenizer = argv[2];
  const auto tokenizer = assay::engine::ByteLevelTokenizer::Make(*vocabulary);
  if (!tokenizer.ok()) {
    std::cerr << tokenizer.status() << "\n";
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << Answer(**tokenizer, Json::parse(line)).dump() << "\n";
  }
  return 0;
}
