// evaluation.economics of assayd.yaml.
#ifndef ASSAY_SERVER_CONFIG_ECONOMICS_CONFIG_H_
#define ASSAY_SERVER_CONFIG_ECONOMICS_CONFIG_H_

#include <filesystem>

#include "base/yaml/reader.h"
#include "evaluator/records/economics_inputs.h"

namespace assay::server {

// Every key of EconomicsInputs, and compare_with (an entry of the price table, whose prices go into
// `hosted`) and price_table (a file, relative to `folder`; without it the built-in one counts).
// Errors are recorded in the map's document: an unknown entry lists those that there are, an error
// in the table has the table's own file and line. A table that is named is read even if nothing
// is compared with it, so that its errors are seen when they are made.
evaluator::EconomicsInputs ReadEconomics(YamlMap map, const std::filesystem::path& folder);

}  // namespace assay::server

#endif  // ASSAY_SERVER_CONFIG_ECONOMICS_CONFIG_H_
