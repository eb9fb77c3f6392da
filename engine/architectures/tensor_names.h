// The name of a tensor in the files at hand, by its role.
#ifndef ASSAY_ENGINE_ARCHITECTURES_TENSOR_NAMES_H_
#define ASSAY_ENGINE_ARCHITECTURES_TENSOR_NAMES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/architectures/model_files.h"

namespace assay::engine {

// Immutable, thread-safe; `files` must outlive it.
class TensorNames {
 public:
  explicit TensorNames(const ModelFiles& files);

  // "attn_q", ".weight" and layer 3: "blk.3.attn_q.weight", or the checkpoint's own name. Where
  // there is no such tensor, the name that it would have; empty if the architecture has no tensor
  // of that role. layer: -1 for those that belong to none.
  std::string Of(std::string_view role, std::string_view suffix, int64_t layer = -1) const;
  // The same for tensors that come one a head, with the head's number.
  std::string OfHead(std::string_view role, std::string_view suffix, int64_t layer,
                     int64_t head) const;

  // Tensors that checkpoints hold and that no computation reads: tables that are recomputed, and
  // the eyes of models that see.
  static bool IsIgnored(std::string_view name);

 private:
  std::string Full(std::string_view name, std::string_view suffix, int64_t layer) const;

  const ModelFiles& files_;
  // Of a Hugging Face checkpoint.
  std::string prefix_;
};

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_TENSOR_NAMES_H_
