// Which model answers a request.
#include "registry/router.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace assay::registry {

absl::Status UnknownModel(const Catalog& catalog, std::string_view id) {
  return absl::NotFoundError(absl::StrCat("model '", std::string(id),
                                          "' is not in the catalog; it has ",
                                          absl::StrJoin(catalog.Ids(), ", ")));
}

absl::StatusOr<RouteDecision> ChooseRoute(const Catalog& catalog, std::string_view model,
                                          std::string_view content_type) {
  if (!model.empty()) {
    if (catalog.Find(model) == nullptr) return UnknownModel(catalog, model);
    return RouteDecision{std::string(model), "requested", "the request names the model"};
  }
  if (!content_type.empty()) {
    for (const ModelEntry& entry : catalog.models) {
      const auto& types = entry.content_types;
      if (std::find(types.begin(), types.end(), content_type) == types.end()) continue;
      return RouteDecision{
          entry.id, "fixed",
          absl::StrCat("the catalog routes '", std::string(content_type), "' to '", entry.id, "'")};
    }
  }
  if (!catalog.default_model.empty()) {
    return RouteDecision{catalog.default_model, "default",
                         content_type.empty() ? std::string("neither model nor content type given")
                                              : absl::StrCat("no route for content type '",
                                                             std::string(content_type), "'")};
  }
  if (content_type.empty()) {
    return absl::InvalidArgumentError(
        "model: is empty, content_type too, and the catalog has no default_model; give one");
  }
  return absl::NotFoundError(absl::StrCat(
      "content_type: no model is routed for '", std::string(content_type),
      "' and the catalog has no default_model; name a model or add the content type to one"));
}

}  // namespace assay::registry
