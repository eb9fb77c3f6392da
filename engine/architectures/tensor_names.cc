// Finds the names of tensors in model files.
#include "engine/architectures/tensor_names.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace assay::engine {
namespace {

constexpr char kLayerMark[] = "*";
constexpr char kHeadMark[] = "#";

std::string GgufName(std::string_view role, std::string_view suffix, int64_t layer) {
  const std::string name = absl::StrCat(std::string(role), std::string(suffix));
  return layer < 0 ? name : absl::StrCat("blk.", layer, ".", name);
}

}  // namespace

TensorNames::TensorNames(const ModelFiles& files) : files_(files) {
  if (files.gguf != nullptr) return;
  for (const char* prefix : files.architecture->prefixes) {
    prefix_ = prefix;
    const std::string embedding = Of("token_embd", ".weight");
    if (files.tensors->Contains(embedding)) return;
  }
  prefix_ = files.architecture->prefixes.front();
}

std::string TensorNames::Full(std::string_view name, std::string_view suffix, int64_t layer) const {
  const bool absolute = !name.empty() && name.front() == '/';
  const std::string full = absl::StrCat(
      absolute ? "" : prefix_, std::string(name.substr(absolute ? 1 : 0)), std::string(suffix));
  return absl::StrReplaceAll(full, {{kLayerMark, absl::StrCat(layer)}});
}

std::string TensorNames::Of(std::string_view role, std::string_view suffix, int64_t layer) const {
  if (files_.gguf != nullptr) {
    for (const TensorName& other : files_.architecture->gguf_names) {
      const std::string name = GgufName(other.name, suffix, layer);
      if (role == other.role && files_.tensors->Contains(name)) return name;
    }
    return GgufName(role, suffix, layer);
  }
  std::string first;
  for (const TensorName& known : files_.architecture->names) {
    if (role != known.role) continue;
    std::string name = Full(known.name, suffix, layer);
    if (files_.tensors->Contains(name)) return name;
    if (first.empty()) first = std::move(name);
  }
  return first;
}

std::string TensorNames::OfHead(std::string_view role, std::string_view suffix, int64_t layer,
                                int64_t head) const {
  return absl::StrReplaceAll(Of(role, suffix, layer), {{kHeadMark, absl::StrCat(head)}});
}

bool TensorNames::IsIgnored(std::string_view name) {
  const std::string text(name);
  for (const char* ending : {".rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias",
                             ".attention.bias", ".attention.masked_bias"}) {
    if (absl::EndsWith(text, ending)) return true;
  }
  return absl::StrContains(text, "vision_tower.") ||
         absl::StrContains(text, "multi_modal_projector.") || text == "rope_factors_short.weight" ||
         text == "rope_factors_long.weight";
}

}  // namespace assay::engine
