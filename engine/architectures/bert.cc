// BERT (arXiv:1810.04805) and its descendants with the same structure, such as MiniLM
// (arXiv:2002.10957), as encoders.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/architectures/common.h"
#include "engine/architectures/gguf_keys.h"
#include "engine/architectures/known_architectures.h"

namespace assay::engine {
namespace {

constexpr int64_t kMaxTokenTypes = 64;
constexpr double kNormEpsilon = 1e-12;
constexpr size_t kMaxClasses = 16;

// The classes of transformers whose checkpoints have the whole encoder. Their heads are not used.
bool HasEncoder(const std::string& name) {
  return name == "BertModel" || name == "BertForMaskedLM" || name == "BertForPreTraining";
}

void DescribeBert(ConfigReader& read, ModelSpec& spec) {
  DescribeSizes(read, spec,
                {.tied = true,
                 .vocab = 30522,
                 .hidden = 768,
                 .layers = 12,
                 .heads = 12,
                 .context = 512,
                 .width = 3072,
                 .width_key = "intermediate_size"});
  for (const std::string& name : read.StringsOrEmpty("architectures", kMaxClasses)) {
    if (HasEncoder(name)) continue;
    read.Unsupported(absl::StrCat("architectures has \"", name,
                                  "\"; the supported classes of BERT are BertModel, "
                                  "BertForMaskedLM and BertForPreTraining"));
  }
  if (read.BoolOr("is_decoder", false) || read.BoolOr("add_cross_attention", false)) {
    read.Unsupported("is_decoder or add_cross_attention is set: BERT is supported as an encoder");
  }
  const std::string positions = read.StringOr({"position_embedding_type"}, "absolute");
  if (positions != "absolute") {
    read.Unsupported(absl::StrCat("position_embedding_type is \"", positions,
                                  "\"; only \"absolute\" is supported"));
  }
  spec.encoder = true;
  // The output is the hidden states, so that the checkpoint needs no output matrix.
  spec.tied_embeddings = true;
  spec.token_types = read.IntOr({"type_vocab_size"}, kMaxTokenTypes, 2);
  spec.norm = NormKind::kLayer;
  spec.norm_bias = true;
  spec.norm_epsilon = read.FloatOr({kGgufNormEpsilon, "layer_norm_eps"}, 0.0, 1.0, kNormEpsilon);
  spec.norm_place = NormPlace::kAfter;
  spec.final_norm = false;
  spec.embedding_norm = true;
  spec.position = PositionKind::kLearned;
  spec.attention.qkv_bias = true;
  spec.attention.output_bias = true;
  spec.feed_forward = {.width = spec.feed_forward.width,
                       .activation = ReadActivation(read, "hidden_act", "gelu"),
                       .gated = false,
                       .bias = true};
}

}  // namespace

Architecture Bert() {
  return {.name = "bert",
          .model_types = {"bert"},
          .describe = DescribeBert,
          .names =
              {
                  {"token_embd", "embeddings.word_embeddings"},
                  {"position_embd", "embeddings.position_embeddings"},
                  {"token_types", "embeddings.token_type_embeddings"},
                  {"token_embd_norm", "embeddings.LayerNorm"},
                  {"attn_q", "encoder.layer.*.attention.self.query"},
                  {"attn_k", "encoder.layer.*.attention.self.key"},
                  {"attn_v", "encoder.layer.*.attention.self.value"},
                  {"attn_output", "encoder.layer.*.attention.output.dense"},
                  {"attn_norm", "encoder.layer.*.attention.output.LayerNorm"},
                  {"ffn_up", "encoder.layer.*.intermediate.dense"},
                  {"ffn_down", "encoder.layer.*.output.dense"},
                  {"ffn_norm", "encoder.layer.*.output.LayerNorm"},
              },
          .prefixes = {"", "bert."},
          .in_gguf = false,
          .encoder = true,
          .unused_prefixes = {"pooler.", "bert.pooler.", "cls.", "embeddings.position_ids",
                              "bert.embeddings.position_ids"}};
}

}  // namespace assay::engine
