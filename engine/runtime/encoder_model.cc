// A resident encoder: computes sentence embeddings.
#include "engine/runtime/encoder_model.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/annotate.h"
#include "base/slots.h"
#include "base/status_macros.h"
#include "base/steady_time.h"
#include "base/trim_heap.h"
#include "base/work_limit.h"
#include "engine/architectures/model_files.h"
#include "engine/kernels/kv_pages.h"
#include "engine/runtime/device_memory.h"
#include "engine/runtime/encoder_tokens.h"
#include "engine/runtime/executor/torch_status.h"
#include "engine/runtime/generation/encoding_slots.h"
#include "engine/runtime/model_loading.h"

namespace assay::engine {
namespace {

// Texts that are computed together, [begin, end).
struct Batch {
  size_t begin = 0;
  size_t end = 0;
  int64_t tokens = 0;
  int64_t pages = 0;
};

class TransformerEncoder final : public EncoderModel {
 public:
  TransformerEncoder(LoadedModelInfo info, const SentenceConfig& sentence, int64_t width,
                     int64_t max_tokens, std::unique_ptr<EncoderTokens> tokens,
                     std::unique_ptr<ModelExecutor> executor)
      : info_(std::move(info)),
        sentence_(sentence),
        width_(width),
        max_tokens_(max_tokens),
        tokens_(std::move(tokens)),
        executor_(std::move(executor)) {
    info_.kv_cache_bytes = executor_->cache_bytes();
    info_.cache_tokens = executor_->pages() * kPageTokens;
  }

  ~TransformerEncoder() override {
    executor_.reset();
    ReleaseMemoryOf(info_.device, "freeing an encoder");
  }

  void SetLoadTimes(const LoadTimes& times) { info_.load_times = times; }

  const LoadedModelInfo& info() const override { return info_; }
  const SentenceConfig& sentence() const override { return sentence_; }
  int dimension() const override { return static_cast<int>(width_); }
  int running() const override { return running_; }

  absl::StatusOr<EmbeddingResult> Embed(absl::Span<const std::string> texts, bool normalize,
                                        const CallContext& context) override {
    ++running_;
    absl::StatusOr<EmbeddingResult> result =
        CatchTorch("embedding texts", [&] { return EmbedTexts(texts, normalize, context); });
    --running_;
    return result;
  }

 private:
  absl::StatusOr<EmbeddingResult> EmbedTexts(absl::Span<const std::string> texts, bool normalize,
                                             const CallContext& context) {
    EmbeddingResult result;
    const SteadyTime start = SteadyTime::Now();
    std::vector<EncodedText> encoded;
    encoded.reserve(texts.size());
    for (size_t i = 0; i < texts.size(); ++i) {
      RETURN_IF_ERROR(context.Check());
      absl::StatusOr<EncodedText> text = Encode(texts[i], context);
      if (!text.ok()) return Annotate(text.status(), absl::StrCat("input[", i, "]"));
      encoded.push_back(*std::move(text));
    }
    result.times.tokenization = SteadyTime::Now() - start;
    result.embeddings.reserve(texts.size());
    for (Batch batch = NextBatch(encoded, 0); batch.begin < batch.end;
         batch = NextBatch(encoded, batch.end)) {
      RETURN_IF_ERROR(
          Compute(absl::MakeConstSpan(encoded).subspan(batch.begin, batch.end - batch.begin),
                  normalize, context, &result));
    }
    return result;
  }

  absl::StatusOr<EncodedText> Encode(const std::string& text, const CallContext& context) const {
    ASSIGN_OR_RETURN(const Slots::Slot slot, AwaitEncodingSlot(text.size(), context));
    const WorkLimit limit(MaxEncodingCpu(text.size()), context);
    return tokens_->Encode(text);
  }

  Batch NextBatch(const std::vector<EncodedText>& texts, size_t begin) const {
    Batch batch{.begin = begin, .end = begin};
    for (; batch.end < texts.size(); ++batch.end) {
      const auto tokens = static_cast<int64_t>(texts[batch.end].tokens.size());
      const bool fits = batch.tokens + tokens <= max_tokens_ &&
                        batch.pages + PagesFor(tokens) <= executor_->pages();
      if (!fits) break;
      batch.tokens += tokens;
      batch.pages += PagesFor(tokens);
    }
    return batch;
  }

  absl::Status Compute(absl::Span<const EncodedText> texts, bool normalize,
                       const CallContext& context, EmbeddingResult* result) {
    const SteadyTime arrival = SteadyTime::Now();
    double tokens = 0;
    for (const EncodedText& text : texts) tokens += static_cast<double>(text.tokens.size());
    const absl::StatusOr<Slots::Slot> turn = turn_.Acquire(context, "batches are computed", tokens);
    RETURN_IF_ERROR(context.Check());
    RETURN_IF_ERROR(turn.status());
    const SteadyTime start = SteadyTime::Now();
    RETURN_IF_ERROR(Run(texts));
    int64_t row = 0;
    for (const EncodedText& text : texts) {
      const auto count = static_cast<int64_t>(text.tokens.size());
      std::vector<float> rows(static_cast<size_t>(count * width_));
      RETURN_IF_ERROR(executor_->CopyLogits(row, absl::MakeSpan(rows)));
      row += count;
      TextEmbedding embedding{.vector = Pool(sentence_.pooling, rows, width_),
                              .tokens = static_cast<int>(count),
                              .truncated = text.truncated};
      if (normalize) NormalizeL2(absl::MakeSpan(embedding.vector));
      if (!std::all_of(embedding.vector.begin(), embedding.vector.end(),
                       [](float value) { return std::isfinite(value); })) {
        return absl::InternalError(
            absl::StrCat("input[", result->embeddings.size(),
                         "]: the vector has an infinity or NaN; the weights ", "of ", info_.name,
                         " may be damaged, or overflow in ", info_.dtype));
      }
      result->embeddings.push_back(std::move(embedding));
    }
    const absl::Duration waited = executor_->waited();
    result->times.queue += start - arrival + waited;
    result->times.computation += SteadyTime::Now() - start - waited;
    return absl::OkStatus();
  }

  absl::Status Run(absl::Span<const EncodedText> texts) {
    std::vector<int32_t> pages(static_cast<size_t>(executor_->pages()));
    std::iota(pages.begin(), pages.end(), 0);
    absl::Span<const int32_t> free = pages;
    std::vector<SequenceChunk> chunks;
    chunks.reserve(texts.size());
    for (const EncodedText& text : texts) {
      const auto count = static_cast<int64_t>(text.tokens.size());
      const auto used = static_cast<size_t>(PagesFor(count));
      chunks.push_back({.pages = free.first(used),
                        .tokens = text.tokens,
                        .position = 0,
                        .first_length = count,
                        .logits = count});
      free.remove_prefix(used);
    }
    return executor_->Run({.chunks = chunks});
  }

  LoadedModelInfo info_;
  const SentenceConfig sentence_;
  const int64_t width_;
  // The maximum tokens of a batch; at least those of a text.
  const int64_t max_tokens_;
  const std::unique_ptr<EncoderTokens> tokens_;
  std::unique_ptr<ModelExecutor> executor_;
  // Held for each batch. The batches of different callers take turns.
  Slots turn_{1};
  std::atomic<int> running_ = 0;
};

absl::StatusOr<std::unique_ptr<EncoderModel>> LoadEncoder(const LoadOptions& options) {
  const SteadyTime start = SteadyTime::Now();
  LoadTimes times;
  const auto report = [&](std::string_view stage, double fraction) {
    if (options.progress) options.progress(stage, fraction);
  };
  report("opening", 0.0);
  ASSIGN_OR_RETURN(const OpenedModel opened,
                   Timed(&times.files, [&] { return OpenModel(options); }));
  const ModelSpec& spec = opened.files.spec;
  if (!spec.encoder) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.path, ": is no encoder, but a model that generates text (",
                     spec.architecture, ")"));
  }
  const std::string& folder = opened.files.tensors->path();
  ASSIGN_OR_RETURN(const SentenceConfig sentence,
                   ReadSentenceConfig(folder, spec.hidden, opened.plan.context));
  ASSIGN_OR_RETURN(std::unique_ptr<EncoderTokens> tokens, Timed(&times.tokenizer, [&] {
                     return EncoderTokens::Make(folder, spec.vocab, sentence.max_tokens);
                   }));
  TrimHeap();
  ASSIGN_OR_RETURN(const DeviceQuirks quirks, TestDeviceFor(options, opened));
  ASSIGN_OR_RETURN(std::unique_ptr<ModelExecutor> executor,
                   Timed(&times.weights, [&] { return LoadExecutor(options, opened, quirks); }));
  RETURN_IF_ERROR(opened.files.tensors->CheckUnchanged());
  LoadedModelInfo info = DescribeLoaded(options, opened, quirks, *executor);
  report("warm-up", kOpeningShare + kWeightsShare);
  auto model = std::make_unique<TransformerEncoder>(std::move(info), sentence, spec.hidden,
                                                    opened.plan.step_tokens, std::move(tokens),
                                                    std::move(executor));
  const std::string empty;
  RETURN_IF_ERROR(Timed(&times.warm_up, [&] {
    return model->Embed({&empty, 1}, /*normalize=*/false, options.context).status();
  }));
  TrimHeap();
  report("warm-up", 1.0);
  times.total = SteadyTime::Now() - start;
  model->SetLoadTimes(times);
  return model;
}

}  // namespace

bool IsEncoderPath(const std::string& path) { return IsEncoder(path); }

absl::StatusOr<std::unique_ptr<EncoderModel>> EncoderModel::Load(const LoadOptions& options) {
  return LoadOrFree(options, LoadEncoder);
}

}  // namespace assay::engine
