// Tests the search expressions for MLflow.
#include "server/mlflow/search.h"

#include "gtest/gtest.h"

namespace assay::server {
namespace {

TEST(MlflowSearchTest, FiltersByTag) {
  EXPECT_EQ(TagFilter("assay.client_key", "e1/smollm2").value(),
            "tags.`assay.client_key` = 'e1/smollm2'");
}

TEST(MlflowSearchTest, RejectsValuesThatCannotBeQuoted) {
  for (const char* value : {"", "it's", "\"quoted\"", "back`tick", "back\\slash"}) {
    EXPECT_EQ(TagFilter("assay.client_key", value).status().code(),
              absl::StatusCode::kInvalidArgument)
        << value;
  }
}

}  // namespace
}  // namespace assay::server
