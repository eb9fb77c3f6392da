// Routes and their explanation as text.
#ifndef ASSAY_CLIENT_TERMINAL_ROUTE_TABLES_H_
#define ASSAY_CLIENT_TERMINAL_ROUTE_TABLES_H_

#include <string>

#include "assay/v1/model.pb.h"
#include "google/protobuf/repeated_ptr_field.h"

namespace assay::client {

// One row per content type.
std::string RouteTable(const google::protobuf::RepeatedPtrField<v1::ContentRoute>& routes);
// The chosen model, the reason, the alternatives, and one row per candidate.
std::string ExplanationText(const v1::ExplainRouteResponse& explanation);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_ROUTE_TABLES_H_
