// Routes.
#include "registry/router.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::registry {
namespace {

using testing::HasSubstr;

Catalog TwoModels(const std::string& default_model) {
  Catalog catalog;
  catalog.models.resize(2);
  catalog.models[0].id = "a";
  catalog.models[1].id = "b";
  catalog.models[1].content_types = {"linkedin"};
  catalog.default_model = default_model;
  return catalog;
}

TEST(RouterTest, NamedModelWinsOverContentType) {
  const auto route = ChooseRoute(TwoModels(""), "a", "linkedin");
  ASSERT_TRUE(route.ok());
  EXPECT_EQ(route->model, "a");
  EXPECT_EQ(route->rule, "requested");
}

TEST(RouterTest, ContentTypeIsFixed) {
  const auto route = ChooseRoute(TwoModels("a"), "", "linkedin");
  ASSERT_TRUE(route.ok());
  EXPECT_EQ(route->model, "b");
  EXPECT_EQ(route->rule, "fixed");
  EXPECT_THAT(route->reason, HasSubstr("linkedin"));
}

TEST(RouterTest, DefaultTakesTheRest) {
  EXPECT_EQ(ChooseRoute(TwoModels("a"), "", "poetry")->rule, "default");
  EXPECT_EQ(ChooseRoute(TwoModels("a"), "", "")->model, "a");
}

TEST(RouterTest, RefusalsNameWhatIsMissing) {
  const absl::Status unknown = ChooseRoute(TwoModels("a"), "z", "").status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("'z' is not in the catalog; it has a, b"));
  EXPECT_EQ(ChooseRoute(TwoModels(""), "", "").status().code(), absl::StatusCode::kInvalidArgument);
  const absl::Status no_route = ChooseRoute(TwoModels(""), "", "poetry").status();
  EXPECT_EQ(no_route.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(no_route.message()), HasSubstr("poetry"));
}

}  // namespace
}  // namespace assay::registry
