// The self-test of a device.
#include "engine/runtime/executor/device_self_test.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "engine/runtime/executor/attention.h"
#include "engine/runtime/executor/device_turns.h"
#include "engine/runtime/executor/linear_product.h"

namespace assay::engine {
namespace {

// The largest error, as a part of the largest expected value. Half precision has 8 to 11 bits.
constexpr double kTolerance = 2e-2;

constexpr int64_t kColumns = 96;
constexpr int64_t kOutputs = 40;
// More than kMaxProductColumns, and not a power of two.
constexpr int64_t kManyColumns = 33000;
constexpr std::array<int64_t, 2> kRowCounts = {1, 5};

// Numbers from -1 to 1 that do not repeat, rounded to `dtype`, fp32 on the CPU.
at::Tensor Numbers(at::IntArrayRef shape, double step, at::ScalarType dtype) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return at::sin(at::arange(count, at::kDouble) * step).view(shape).to(dtype).to(at::kFloat);
}

class Tester {
 public:
  Tester(const at::Device& device, at::ScalarType dtype, const DeviceOperators& operators)
      : device_(device), dtype_(dtype), operators_(operators) {}

  at::Tensor Numbers(at::IntArrayRef shape, double step) const {
    return engine::Numbers(shape, step, dtype_);
  }
  at::Tensor OnDevice(const at::Tensor& tensor) const { return tensor.to(device_, dtype_); }

  // Returns the error of `result`, infinite if it is not finite where it should be.
  static double ErrorOf(const at::Tensor& result, const at::Tensor& expected) {
    const at::Tensor got = result.to(at::kCPU, at::kFloat);
    const double error =
        (got - expected).abs().max().item<double>() / expected.abs().max().item<double>();
    return error == error ? error : std::numeric_limits<double>::infinity();
  }

  absl::Status Wrong(absl::string_view what, double error) const {
    return absl::FailedPreconditionError(
        absl::StrCat("device ", device_.str(), " computes wrongly: ", what,
                     " differs from the CPU's by ", 100.0 * error, " % of the largest value; use ",
                     "device: cpu, or another version of the system or of libtorch"));
  }

  // Returns the largest error of products of 1 and 5 rows.
  double ProductError(int64_t columns, bool with_bias, const DeviceQuirks& quirks) const {
    double largest = 0.0;
    for (const int64_t rows : kRowCounts) {
      const at::Tensor input = Numbers({rows, columns}, 0.37);
      const at::Tensor weight = Numbers({kOutputs, columns}, 0.73);
      const at::Tensor bias = with_bias ? Numbers({kOutputs}, 1.1) * 8.0 : at::Tensor();
      at::Tensor expected = at::mm(input.to(at::kDouble), weight.to(at::kDouble).t());
      if (with_bias) expected = expected + bias;
      const at::Tensor product =
          LinearProduct(OnDevice(input), OnDevice(weight), with_bias ? OnDevice(bias) : bias,
                        quirks, operators_.linear);
      largest = std::max(largest, ErrorOf(product, expected.to(at::kFloat)));
    }
    return largest;
  }

  absl::Status CheckProduct() const {
    const double error = ProductError(kColumns, /*with_bias=*/false, {});
    return error <= kTolerance ? absl::OkStatus() : Wrong("a product", error);
  }

  absl::Status CheckBias(DeviceQuirks* quirks) const {
    if (ProductError(kColumns, /*with_bias=*/true, *quirks) <= kTolerance) return absl::OkStatus();
    quirks->bias_apart = true;
    const double error = ProductError(kColumns, /*with_bias=*/true, *quirks);
    return error <= kTolerance ? absl::OkStatus() : Wrong("a product and a bias", error);
  }

  absl::Status CheckManyColumns(DeviceQuirks* quirks) const {
    if (ProductError(kManyColumns, false, *quirks) <= kTolerance) return absl::OkStatus();
    quirks->split_columns = true;
    const double error = ProductError(kManyColumns, false, *quirks);
    if (error <= kTolerance) return absl::OkStatus();
    return Wrong(absl::StrCat("a product over ", kManyColumns, " columns"), error);
  }

  absl::Status CheckArgmax() const {
    at::Tensor rows = Numbers({4, 1000}, 0.11);
    // The largest element first, last and between; a row that is otherwise minus infinity.
    rows.index_put_({at::tensor({0, 1, 2}, at::kLong), at::tensor({0, 999, 511}, at::kLong)}, 3.0F);
    rows.select(0, 3).fill_(-std::numeric_limits<float>::infinity());
    rows.select(0, 3).select(0, 77).fill_(-2.0F);
    const at::Tensor got = operators_.argmax(OnDevice(rows)).to(at::kCPU, at::kLong);
    if (at::equal(got, at::tensor({0, 999, 511, 77}, at::kLong))) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat("device ", device_.str(),
                     " computes wrongly: the largest element of a row is not found; use device: "
                     "cpu, or another version of the system or of libtorch"));
  }

  // Damaged weights are found by logits that are not finite.
  absl::Status CheckNan() const {
    at::Tensor input = Numbers({1, kColumns}, 0.37);
    input.select(1, 3).fill_(std::numeric_limits<float>::quiet_NaN());
    const at::Tensor product =
        operators_.linear(OnDevice(input), OnDevice(Numbers({kOutputs, kColumns}, 0.73)), {});
    if (product.to(at::kCPU, at::kFloat).isnan().all().item<bool>()) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        "device ", device_.str(), " computes wrongly: a product hides NaN; use device: cpu"));
  }

  // Returns the largest error of attention for one and for several tokens of two sequences.
  double AttentionError(const ModelSpec& spec, bool plain) const {
    constexpr int64_t kSequences = 2;
    // Not a multiple of the blocks of the fused kernels.
    constexpr int64_t kKeys = 70;
    constexpr std::array<int64_t, kSequences> kEnds = {70, 39};
    const AttentionSpec& attention = spec.attention;
    double largest = 0.0;
    for (const int64_t tokens : {1, 7}) {
      const at::Tensor queries =
          Numbers({kSequences * tokens, attention.heads, attention.head_dim}, 0.37);
      const at::Tensor cached =
          Numbers({kSequences, kKeys, 2 * attention.kv_heads, attention.head_dim}, 0.73);
      std::vector<int64_t> positions;
      for (const int64_t end : kEnds) {
        for (int64_t t = 0; t < tokens; ++t) positions.push_back(end - tokens + t);
      }
      const at::Tensor at_positions = at::tensor(positions, at::kLong).view({kSequences, tokens});
      const at::Tensor begins = at::zeros({kSequences}, at::kLong);
      const AttentionMasks masks(spec, kKeys, at::TensorOptions().dtype(dtype_).device(device_));
      const AttentionMasks exact(spec, kKeys, at::kFloat);
      const at::Tensor mask =
          masks.For(at_positions.to(device_), begins.to(device_), kKeys, /*windowed=*/false);
      const at::Tensor exact_mask = exact.For(at_positions, begins, kKeys, /*windowed=*/false);
      const at::Tensor expected =
          AttendPlainly(attention, attention.scale, queries, cached, exact_mask);
      const at::Tensor result =
          plain
              ? AttendPlainly(attention, attention.scale, OnDevice(queries), OnDevice(cached), mask)
              : operators_.attention(attention, attention.scale, OnDevice(queries),
                                     OnDevice(cached), mask);
      largest = std::max(largest, ErrorOf(result, expected));
    }
    return largest;
  }

  absl::Status CheckAttention(const ModelSpec& spec, DeviceQuirks* quirks) const {
    // ALiBi's biases of hundreds leave half precision few digits for the rest of a score.
    const double tolerance = spec.position == PositionKind::kAlibi ? 4 * kTolerance : kTolerance;
    if (AttentionError(spec, /*plain=*/false) <= tolerance) return absl::OkStatus();
    quirks->plain_attention = true;
    const double error = AttentionError(spec, /*plain=*/true);
    if (error <= tolerance) return absl::OkStatus();
    return Wrong(absl::StrCat("attention with ", spec.attention.heads, " heads of ",
                              spec.attention.head_dim),
                 error);
  }

 private:
  const at::Device device_;
  const at::ScalarType dtype_;
  const DeviceOperators& operators_;
};

}  // namespace

DeviceOperators TorchOperators() {
  return {.linear = TorchLinear, .attention = AttendFused, .argmax = [](const at::Tensor& rows) {
            return std::get<1>(rows.max(-1));
          }};
}

absl::StatusOr<DeviceQuirks> TestDevice(const at::Device& device, at::ScalarType dtype,
                                        const DeviceOperators& operators) {
  const TimeSliceLock turn(&DeviceTurns(device.str()));
  const c10::InferenceMode inference;
  const Tester tester(device, dtype, operators);
  DeviceQuirks quirks;
  RETURN_IF_ERROR(tester.CheckProduct());
  RETURN_IF_ERROR(tester.CheckBias(&quirks));
  RETURN_IF_ERROR(tester.CheckManyColumns(&quirks));
  RETURN_IF_ERROR(tester.CheckArgmax());
  RETURN_IF_ERROR(tester.CheckNan());
  return quirks;
}

absl::StatusOr<DeviceQuirks> QuirksOf(const at::Device& device, at::ScalarType dtype) {
  static absl::Mutex mutex;
  static std::map<std::pair<std::string, at::ScalarType>, DeviceQuirks> known ABSL_GUARDED_BY(
      mutex);
  const std::pair<std::string, at::ScalarType> key(device.str(), dtype);
  {
    const MutexLock lock(mutex);
    if (const auto found = known.find(key); found != known.end()) return found->second;
  }
  ASSIGN_OR_RETURN(const DeviceQuirks quirks, TestDevice(device, dtype));
  const MutexLock lock(mutex);
  known[key] = quirks;
  return quirks;
}

absl::StatusOr<DeviceQuirks> TestAttention(const ModelSpec& spec, const at::Device& device,
                                           at::ScalarType dtype, DeviceQuirks quirks,
                                           const DeviceOperators& operators) {
  const TimeSliceLock turn(&DeviceTurns(device.str()));
  const c10::InferenceMode inference;
  RETURN_IF_ERROR(Tester(device, dtype, operators).CheckAttention(spec, &quirks));
  return quirks;
}

}  // namespace assay::engine
