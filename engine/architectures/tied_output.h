// Files whose configuration ties the output to the token embedding but that have an output of their
// own.
#ifndef ASSAY_ENGINE_ARCHITECTURES_TIED_OUTPUT_H_
#define ASSAY_ENGINE_ARCHITECTURES_TIED_OUTPUT_H_

#include "absl/status/status.h"
#include "engine/architectures/model_files.h"

namespace assay::engine {

// How much of the two matrices is compared. kSample reads 128 KiB, which finds outputs that were
// trained or initialized separately. kAll reads both matrices up to the first difference, which
// also finds outputs in which only some rows differ.
enum class TieCheck { kSample, kAll };

// As transformers does, unties the model and adds a warning to `files` if the configuration ties it
// but its output differs from its token embedding. DATA_LOSS: the file was truncated after it was
// opened.
absl::Status CheckTiedOutput(TieCheck check, ModelFiles* files);

}  // namespace assay::engine

#endif  // ASSAY_ENGINE_ARCHITECTURES_TIED_OUTPUT_H_
