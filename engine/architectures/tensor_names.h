// The names of tensors in model files, by their role.
#ifndef ASSAY_ENGINE_ARCHITECTURES_TENSOR_NAMES_H_
#define ASSAY_ENGINE_ARCHITECTURES_TENSOR_NAMES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/architectures/model_files.h"

namespace assay::engine {

// Finds the names of tensors. Immutable, thread-safe.
class TensorNames {
 public:
  // `files` must outlive this object.
  explicit TensorNames(const ModelFiles& files);

  // Returns the name of a tensor. For "attn_q", ".weight" and layer 3 it is "blk.3.attn_q.weight",
  // or the checkpoint's own name. If the files have no such tensor, returns the name that it would
  // have; empty if the architecture has no tensor of that role. `layer` is -1 for tensors outside
  // of the layers.
  std::string Of(std::string_view role, std::string_view suffix, int64_t layer = -1) const;
  // Returns the name of a tensor that exists once per head.
  std::string OfHead(std::string_view role, std::string_view suffix, int64_t layer,
                     int64_t head) const;

  // True for tensors that no computation needs: tables that are recomputed, and the vision part of
  // multimodal models.
  static bool IsIgnored(std::string_view name);

 private:
  std::string Full(std::string_view name, std::string_view suffix, int64_t layer) const;

  const ModelFiles& files_;
  // The prefix of the names in a Hugging Face checkpoint.
  std::string prefix_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_TENSOR_NAMES_H_
