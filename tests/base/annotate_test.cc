// Tests of error annotations.
#include "base/annotate.h"

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(AnnotateTest, KeepsCodeAndPayloads) {
  absl::Status status = absl::ResourceExhaustedError("is full");
  status.SetPayload("type", absl::Cord("payload"));
  const absl::Status annotated = Annotate(status, "queue");
  EXPECT_EQ(annotated.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(annotated.message(), "queue: is full");
  EXPECT_EQ(annotated.GetPayload("type"), absl::Cord("payload"));
}

TEST(AnnotateTest, OkStaysOk) { EXPECT_TRUE(Annotate(absl::OkStatus(), "queue").ok()); }

}  // namespace
}  // namespace assay
