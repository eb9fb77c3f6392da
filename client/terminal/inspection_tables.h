// A model's files and needs as text, for `assay inspect`.
#ifndef ASSAY_CLIENT_TERMINAL_INSPECTION_TABLES_H_
#define ASSAY_CLIENT_TERMINAL_INSPECTION_TABLES_H_

#include <string>

#include "assay/v1/model.pb.h"

namespace assay::client {

// The properties of the model, the types of its tensors, and the memory it needs on each device.
std::string InspectionText(const v1::ModelInspection& model);

// Returns why the server cannot load the model. Empty if it can.
std::string LoadObstacle(const v1::ModelInspection& model);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_INSPECTION_TABLES_H_
