// Feeds any bytes to the parser of catalogs. What it accepts must be usable: ids are unique, and
// the routes name models of the catalog.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "registry/catalog/catalog.h"
#include "tests/fuzz/limits.h"
#include "tests/fuzz/require.h"

namespace {

using assay::Limits;
using assay::Require;
using assay::registry::Catalog;

void Check(const Catalog& catalog) {
  std::set<std::string> ids;
  for (const auto& model : catalog.models) {
    Require(!model.id.empty() && ids.insert(model.id).second, "ids are unique");
  }
  Require(catalog.default_model.empty() || ids.contains(catalog.default_model),
          "the default model is in the catalog");
  Require(!catalog.UnknownIdMessage("nothing").empty(), "unknown ids have a message");
  for (const auto& route : catalog.AllRoutes()) {
    Require(catalog.RouteOf(route.content_type).has_value(), "every route is found");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Limits limits(Limits::Input::kFile, size);
  const auto catalog =
      assay::registry::ParseCatalog({reinterpret_cast<const char*>(data), size}, "/models.yaml");
  if (catalog.ok()) {
    Check(*catalog);
  } else {
    Require(absl::IsInvalidArgument(catalog.status()), "errors blame the file");
  }
  return 0;
}
