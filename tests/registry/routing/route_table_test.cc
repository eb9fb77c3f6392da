// Tests of the route table.
#include "registry/routing/route_table.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/route_policy.h"
#include "tests/registry/catalog/three_models.h"

namespace assay::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(RouteTableTest, SetRoutesHavePrecedenceOverTheCatalogs) {
  const Catalog catalog = *Parse("routes: { email: { model: a }, blog: { model: a } }");
  RouteTable table;
  EXPECT_THAT(ModelsOf(table.Find("email", catalog)), ElementsAre("a"));
  ASSERT_TRUE(table.Set({{.content_type = "email", .models = {"b"}}}, &catalog).ok());
  EXPECT_THAT(ModelsOf(table.Find("email", catalog)), ElementsAre("b"));
  EXPECT_THAT(ModelsOf(table.Find("blog", catalog)), ElementsAre("a"));
  EXPECT_EQ(table.Find("sonnet", catalog), std::nullopt);
  const std::vector<RouteTable::Route> routes = table.InForce(catalog);
  ASSERT_EQ(routes.size(), 3U);
  EXPECT_EQ(routes[0].policy.content_type, "email");
  EXPECT_EQ(routes[0].origin, RouteOrigin::kSet);
  EXPECT_EQ(routes[1].origin, RouteOrigin::kCatalog);
  ASSERT_TRUE(table.Set({}, &catalog).ok());
  EXPECT_THAT(ModelsOf(table.Find("email", catalog)), ElementsAre("a"));
}

TEST(RouteTableTest, AnErrorNamesTheRouteAndChangesNothing) {
  const Catalog catalog = *Parse("");
  RouteTable table;
  const RoutePolicy good{.content_type = "email", .models = {"b"}};
  const absl::Status unknown =
      table.Set({good, {.content_type = "blog", .models = {"z"}}}, &catalog);
  EXPECT_THAT(std::string(unknown.message()),
              HasSubstr("routes[1] (blog): model: 'z' is not in the catalog; it has a, b, c"));
  EXPECT_THAT(std::string(table.Set({good, good}, &catalog).message()), HasSubstr("is duplicated"));
  EXPECT_THAT(table.set(), IsEmpty());
  const std::vector<RoutePolicy> many(1001, good);
  EXPECT_THAT(std::string(table.Set(many, &catalog).message()), HasSubstr("more than 1000"));
}

}  // namespace
}  // namespace assay::registry
