// Files whose configuration ties the output to the token embedding but that have an output of their
// own.
#include "engine/architectures/tied_output.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "engine/architectures/tensor_names.h"
#include "engine/formats/stored_tensor.h"

namespace assay::engine {
namespace {

constexpr size_t kSampleBlocks = 16;
constexpr size_t kBlockBytes = 4096;

bool SamplesDiffer(absl::Span<const std::byte> a, absl::Span<const std::byte> b) {
  const size_t stride = std::max(kBlockBytes, a.size() / kSampleBlocks);
  for (size_t begin = 0; begin < a.size(); begin += stride) {
    const size_t size = std::min(kBlockBytes, a.size() - begin);
    if (std::memcmp(a.data() + begin, b.data() + begin, size) != 0) return true;
  }
  return false;
}

}  // namespace

absl::Status CheckTiedOutput(TieCheck check, ModelFiles* files) {
  if (!files->spec.tied_embeddings) return absl::OkStatus();
  const TensorNames names(*files);
  const std::string output_name = names.Of("output", ".weight");
  const std::string embedding_name = names.Of("token_embd", ".weight");
  // A file may have the output alone, which is then the embedding too.
  if (!files->tensors->Contains(output_name) || !files->tensors->Contains(embedding_name)) {
    return absl::OkStatus();
  }
  const StoredTensor* output = files->tensors->FindTensor(output_name);
  const StoredTensor* embedding = files->tensors->FindTensor(embedding_name);
  if (output != nullptr && embedding != nullptr && output->type == embedding->type &&
      output->shape == embedding->shape) {
    RETURN_IF_ERROR(files->tensors->CheckPresent(*output));
    RETURN_IF_ERROR(files->tensors->CheckPresent(*embedding));
    const bool differs =
        check == TieCheck::kSample
            ? SamplesDiffer(output->data, embedding->data)
            : std::memcmp(output->data.data(), embedding->data.data(), output->data.size()) != 0;
    RETURN_IF_ERROR(files->tensors->CheckPresent(*output));
    RETURN_IF_ERROR(files->tensors->CheckPresent(*embedding));
    if (!differs) return absl::OkStatus();
  }
  files->spec.tied_embeddings = false;
  files->warnings.push_back(absl::StrCat(
      "tie_word_embeddings is true, but ", output_name, " differs from ", embedding_name, "; ",
      output_name,
      " is used, as transformers does; if that is right, set tie_word_embeddings to false in "
      "config.json, otherwise remove the tensor"));
  return absl::OkStatus();
}

}  // namespace assay::engine
