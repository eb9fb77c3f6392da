// Reads `evaluation.economics` of assayd.yaml.
#ifndef ASSAY_SERVER_CONFIG_ECONOMICS_CONFIG_H_
#define ASSAY_SERVER_CONFIG_ECONOMICS_CONFIG_H_

#include <filesystem>

#include "base/yaml/reader.h"
#include "evaluator/records/economics_inputs.h"

namespace assay::server {

// Reads every key of EconomicsInputs, and `compare_with` and `price_table`. `compare_with` names an
// entry of the price table, whose prices are stored in `hosted`. `price_table` is a file relative
// to `folder`; without it the built-in table is used.
//
// Errors are recorded in the map's document: an unknown entry lists the existing ones, and an error
// in the table includes the table's own file and line. A configured table is read even if
// `compare_with` is not set, so that its errors are reported early.
evaluator::EconomicsInputs ReadEconomics(YamlMap map, const std::filesystem::path& folder);

}  // namespace assay::server

#endif  // ASSAY_SERVER_CONFIG_ECONOMICS_CONFIG_H_
