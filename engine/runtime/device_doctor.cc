// Examines a device.
#include "engine/runtime/device_doctor.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "engine/runtime/device.h"
#include "engine/runtime/executor/device_quirks.h"
#include "engine/runtime/executor/device_self_test.h"
#include "engine/runtime/executor/torch_status.h"
#include "engine/runtime/language_model.h"

namespace assay::engine {
namespace {

using Verdict = DoctorFinding::Verdict;

constexpr char kPrompt[] = "Explain in three sentences why the sea is salty.";
constexpr int kTokens = 64;
// The heads of a small model whose size is varied.
constexpr int64_t kHeads = 8;
constexpr int64_t kKvHeads = 2;
constexpr double kMiB = 1024.0 * 1024.0;
// The largest difference of logits as a part of the largest logit that half precision explains.
constexpr double kMaxLogitError = 5e-2;

class Doctor {
 public:
  Doctor(std::string model, absl::FunctionRef<void(const DoctorFinding&)> report)
      : model_(std::move(model)), report_(report) {}

  bool Examine(std::string_view name) {
    const absl::StatusOr<DeviceInfo> device = ResolveDevice(name);
    if (!device.ok()) {
      Report(Verdict::kFailed, device.status().message());
      return false;
    }
    device_ = *device;
    Report(Verdict::kOk,
           absl::StrFormat("device %s, %.0f MiB for models, libtorch %s", device_.name,
                           device_.memory_bytes / kMiB, device_.torch_version));
    for (const at::ScalarType dtype : {at::kFloat, at::kHalf, at::kBFloat16}) CheckOperators(dtype);
    for (const int64_t head_dim : {64, 72, 80, 96, 128, 256}) CheckAttention(head_dim);
    if (!model_.empty()) CheckModel();
    return !failed_;
  }

 private:
  void Report(Verdict verdict, absl::string_view text) {
    failed_ = failed_ || verdict == Verdict::kFailed;
    report_({.verdict = verdict, .text = std::string(text)});
  }

  void Report(absl::string_view what, const absl::StatusOr<DeviceQuirks>& quirks) {
    if (!quirks.ok()) {
      Report(Verdict::kFailed, absl::StrCat(what, ": ", quirks.status().message()));
      return;
    }
    const std::vector<std::string> sentences = Describe(*quirks);
    if (sentences.empty()) {
      Report(Verdict::kOk, what);
    } else {
      Report(Verdict::kWorkaround, absl::StrCat(what, ": ", absl::StrJoin(sentences, "; ")));
    }
  }

  void CheckOperators(at::ScalarType dtype) {
    Report(absl::StrCat("operators in ", c10::toString(dtype)),
           CatchTorch("operators", [&] { return TestDevice(at::Device(device_.name), dtype); }));
  }

  void CheckAttention(int64_t head_dim) {
    ModelSpec spec;
    spec.attention = {.heads = kHeads,
                      .kv_heads = kKvHeads,
                      .head_dim = head_dim,
                      .scale = 1.0 / std::sqrt(static_cast<double>(head_dim))};
    Report(absl::StrCat("attention with heads of ", head_dim), CatchTorch("attention", [&] {
             return TestAttention(spec, at::Device(device_.name), at::kHalf, {});
           }));
  }

  // What is compared of a model on two devices.
  struct Run {
    std::vector<TokenId> prompt;
    GenerationResult greedy;
    std::vector<float> logits;
    double tokens_per_second = 0.0;
  };

  // The weights in the device's own type. On the CPU libtorch's operators are examined, not the
  // kernels that they are compared with.
  LoadOptions Options(const DeviceInfo& device) const {
    LoadOptions options;
    options.path = model_;
    options.device = device;
    options.weights = "full";
    options.cpu_kernels = false;
    return options;
  }

  static absl::StatusOr<Run> RunOn(LanguageModel& model) {
    Run run;
    const Prompt prompt{.text = kPrompt};
    ASSIGN_OR_RETURN(run.prompt, model.Tokenize(prompt));
    GenerationRequest request;
    request.prompt = prompt;
    request.max_new_tokens = kTokens;
    request.ignore_end_of_text = true;
    const SteadyTime start = SteadyTime::Now();
    ASSIGN_OR_RETURN(run.greedy, model.Generate(request, nullptr));
    run.tokens_per_second = kTokens / absl::ToDoubleSeconds(SteadyTime::Now() - start);
    ASSIGN_OR_RETURN(run.logits, model.Logits(run.prompt));
    return run;
  }

  absl::Status CompareWithCpu() {
    ASSIGN_OR_RETURN(DeviceInfo cpu, ResolveDevice("cpu"));
    LoadOptions exact = Options(cpu);
    exact.dtype = "float32";
    exact.cpu_kernels = true;
    ASSIGN_OR_RETURN(const std::unique_ptr<LanguageModel> cpu_model, LanguageModel::Load(exact));
    ASSIGN_OR_RETURN(const Run expected, RunOn(*cpu_model));
    const int64_t before = DeviceMemoryInUse(device_);
    ASSIGN_OR_RETURN(std::unique_ptr<LanguageModel> model, LanguageModel::Load(Options(device_)));
    for (const std::string& text : model->info().workarounds) Report(Verdict::kWorkaround, text);
    Report(Verdict::kOk, absl::StrFormat("%s loaded in %s, %.1f s, %.0f MiB of weights",
                                         model->info().name, model->info().dtype,
                                         absl::ToDoubleSeconds(model->info().load_times.total),
                                         model->info().weight_bytes / kMiB));
    // The first run compiles the device's kernels.
    RETURN_IF_ERROR(RunOn(*model).status());
    ASSIGN_OR_RETURN(const Run run, RunOn(*model));
    Report(Verdict::kOk, absl::StrFormat("one stream: %.1f tokens/s", run.tokens_per_second));
    ReportDifference(run, expected);
    RETURN_IF_ERROR(LoadBesideGeneration(*model));
    model.reset();
    const int64_t left = DeviceMemoryInUse(device_) - before;
    Report(left < static_cast<int64_t>(kMiB) * 64 ? Verdict::kOk : Verdict::kFailed,
           absl::StrFormat("memory left after unloading: %.0f MiB", left / kMiB));
    return absl::OkStatus();
  }

  void ReportDifference(const Run& run, const Run& expected) {
    double error = 0.0;
    double largest = 0.0;
    for (size_t i = 0; i < expected.logits.size(); ++i) {
      error = std::max(error, std::abs(static_cast<double>(run.logits[i] - expected.logits[i])));
      largest = std::max(largest, std::abs(static_cast<double>(expected.logits[i])));
    }
    Report(error <= kMaxLogitError * largest ? Verdict::kOk : Verdict::kFailed,
           absl::StrFormat("logits differ from the CPU's in fp32 by %.2f %% of the largest",
                           100.0 * error / largest));
    const auto [mine, theirs] =
        std::mismatch(run.greedy.tokens.begin(), run.greedy.tokens.end(),
                      expected.greedy.tokens.begin(), expected.greedy.tokens.end());
    Report(Verdict::kOk,
           absl::StrFormat("the first %d of %d greedy tokens are the CPU's (half precision may "
                           "choose another token where two are close)",
                           mine - run.greedy.tokens.begin(), kTokens));
  }

  // Two threads inside libtorch at once abort the process on MPS.
  absl::Status LoadBesideGeneration(LanguageModel& running) {
    std::future<absl::Status> loading = std::async(std::launch::async, [&]() -> absl::Status {
      for (int i = 0; i < 3; ++i) {
        RETURN_IF_ERROR(LanguageModel::Load(Options(device_)).status());
      }
      return absl::OkStatus();
    });
    absl::Status generated;
    while (loading.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
      generated.Update(RunOn(running).status());
      if (!generated.ok()) break;
    }
    RETURN_IF_ERROR(loading.get());
    RETURN_IF_ERROR(generated);
    Report(Verdict::kOk, "three loads and unloads beside a running generation");
    return absl::OkStatus();
  }

  void CheckModel() {
    const absl::Status compared = CatchTorch(model_, [&] { return CompareWithCpu(); });
    if (!compared.ok()) Report(Verdict::kFailed, compared.message());
  }

  const std::string model_;
  const absl::FunctionRef<void(const DoctorFinding&)> report_;
  DeviceInfo device_{};
  bool failed_ = false;
};

}  // namespace

bool ExamineDevice(std::string_view device, const std::string& model,
                   absl::FunctionRef<void(const DoctorFinding&)> report) {
  return Doctor(model, report).Examine(device);
}

}  // namespace assay::engine
