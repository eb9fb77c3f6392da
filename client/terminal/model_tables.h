// The catalog's models as text.
#ifndef ASSAY_CLIENT_TERMINAL_MODEL_TABLES_H_
#define ASSAY_CLIENT_TERMINAL_MODEL_TABLES_H_

#include <string>

#include "assay/v1/model.pb.h"

namespace assay::client {

// Returns the state in lower case, such as "ready".
std::string ModelStateWord(const v1::Model& model);

// True if `assay models` lists the model without --all: the user's own models, and the built-in
// ones that are in use.
bool IsListed(const v1::Model& model);

// One row per listed model. "*" marks the default model.
std::string ModelTable(const v1::ListModelsResponse& reply);
// One row per built-in model: whether it is on this machine, and what it would take.
std::string BuiltInTable(const v1::ListModelsResponse& reply);
// "memory: 1.20 GiB of 8.00 GiB". Empty if no model is resident.
std::string MemoryLine(const v1::ListModelsResponse& reply);

// All that is known of one model, one property per line.
std::string ModelText(const v1::Model& model);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_MODEL_TABLES_H_
