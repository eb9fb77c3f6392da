// Hyperparameters from the metadata of GGUF files.
#include "engine/architectures/gguf_config.h"

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/architectures/model_files.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/engine/formats/gguf_bytes.h"

namespace assay::engine {
namespace {

using testing::HasSubstr;

// A vector with one entry per layer would not fit into memory.
TEST(GgufConfigTest, HyperparametersOutOfBoundsAreErrors) {
  for (const uint64_t layers : {uint64_t{1025}, uint64_t{1} << 62}) {
    Bytes bytes = Bytes::Header(0, 7);
    bytes.Key("general.architecture", kString).String("gemma2");
    for (const auto& [key, value] :
         std::vector<std::pair<std::string, uint64_t>>{{"block_count", layers},
                                                       {"embedding_length", 48},
                                                       {"context_length", 128},
                                                       {"attention.head_count", 4},
                                                       {"vocab_size", 300}}) {
      bytes.Key("gemma2." + key, kUint64).Put(value);
    }
    bytes.Key("gemma2.attention.layer_norm_rms_epsilon", kFloat32).Put(1e-6F);
    const WrittenFile written(bytes);
    const absl::Status status = OpenModelFiles(written.path()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(written.path() + ": gemma2.block_count is " + std::to_string(layers)));
  }
}

// Copying the factors of LongRoPE before checking their number would fill the memory.
TEST(GgufConfigTest, RopeFactorsAreCountedBeforeTheyAreCopied) {
  constexpr uint64_t kMax = uint64_t{1} << 19;
  for (const std::vector<uint64_t>& shape :
       std::vector<std::vector<uint64_t>>{{uint64_t{1} << 32}, {kMax + 1}, {3, 2}}) {
    uint64_t bytes_of_each = sizeof(float);
    for (const uint64_t size : shape) bytes_of_each *= size;
    bytes_of_each = (bytes_of_each + 31) / 32 * 32;
    Bytes bytes = Bytes::Header(2, 1);
    bytes.Key("general.architecture", kString).String("phi3");
    bytes.Tensor("rope_factors_short.weight", shape, kF32, 0);
    bytes.Tensor("rope_factors_long.weight", shape, kF32, bytes_of_each);
    bytes.Data(0);
    const WrittenFile written(bytes);
    const auto size = static_cast<off_t>(bytes.text().size() + 2 * bytes_of_each);
    ASSERT_EQ(truncate(written.path().c_str(), size), 0);
    const absl::Time start = absl::Now();
    const absl::Status status = OpenModelFiles(written.path()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(written.path() + ": tensor rope_factors_short.weight has"));
    EXPECT_LT(absl::Now() - start, absl::Seconds(1));
  }
}

}  // namespace
}  // namespace assay::engine
