// Tokens that are known by their spelling.
#include "engine/tokenizer/end_of_turn.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::engine {
namespace {

// The last two are not in llama.cpp's list: OpenChat and Nanbeige.
constexpr std::array<std::string_view, 24> kEndSpellings = {"<|eot_id|>",
                                                            "<|im_end|>",
                                                            "<|end|>",
                                                            "<|return|>",
                                                            "<|call|>",
                                                            "<|flush|>",
                                                            "<|calls|>",
                                                            "<end_of_turn>",
                                                            "<|endoftext|>",
                                                            "</s>",
                                                            "<|eom_id|>",
                                                            "<EOT>",
                                                            "_<EOT>",
                                                            "[EOT]",
                                                            "[EOS]",
                                                            "<|end_of_text|>",
                                                            "<end_of_utterance>",
                                                            "<eos>",
                                                            "<turn|>",
                                                            "<|tool_response>",
                                                            "<｜end▁of▁sentence｜>",
                                                            "[e~[",
                                                            "<|end_of_turn|>",
                                                            "<|endofturn|>"};

}  // namespace

bool EndsTurn(std::string_view spelling) {
  return !spelling.empty() &&
         std::find(kEndSpellings.begin(), kEndSpellings.end(), spelling) != kEndSpellings.end();
}

void RemoveTokensWithinTurns(std::vector<std::pair<TokenId, std::string_view>>* tokens) {
  const auto has = [&](std::string_view spelling) {
    return std::any_of(tokens->begin(), tokens->end(),
                       [&](const auto& token) { return token.second == spelling; });
  };
  const auto remove = [&](std::string_view spelling) {
    tokens->erase(std::remove_if(tokens->begin(), tokens->end(),
                                 [&](const auto& token) { return token.second == spelling; }),
                  tokens->end());
  };
  const bool calls = has("<|call|>") || has("<|calls|>");
  const bool gemma4_or_plamo = has("<|tool_response>") || has("<|plamo:eos|>");
  if (calls && (has("<|return|>") || has("<|flush|>"))) remove("<|end|>");
  if (gemma4_or_plamo) remove("</s>");
}

absl::Span<const FillInMiddleToken> FillInMiddleTokens() {
  static const auto* const kTokens = new std::vector<FillInMiddleToken>{
      {.spellings = {"<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<｜fim▁begin｜>", "<PRE>",
                     "▁<PRE>", "<|code_prefix|>", "<|prefix|>"},
       .gguf_keys = {"tokenizer.ggml.fim_pre_token_id", "tokenizer.ggml.prefix_token_id"}},
      {.spellings = {"<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<｜fim▁hole｜>", "<SUF>",
                     "▁<SUF>", "<|code_suffix|>", "<|suffix|>"},
       .gguf_keys = {"tokenizer.ggml.fim_suf_token_id", "tokenizer.ggml.suffix_token_id"}},
      {.spellings = {"<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<｜fim▁end｜>", "<MID>",
                     "▁<MID>", "<|code_middle|>", "<|middle|>"},
       .gguf_keys = {"tokenizer.ggml.fim_mid_token_id", "tokenizer.ggml.middle_token_id"}},
      {.spellings = {"<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"},
       .gguf_keys = {"tokenizer.ggml.fim_pad_token_id"},
       .ends_text = true},
      {.spellings = {"<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"},
       .gguf_keys = {"tokenizer.ggml.fim_rep_token_id"},
       .ends_text = true},
      {.spellings = {"<|file_sep|>"},
       .gguf_keys = {"tokenizer.ggml.fim_sep_token_id"},
       .ends_text = true}};
  return *kTokens;
}

}  // namespace assay::engine
