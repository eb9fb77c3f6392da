// A ModelExecutor that computes a decoder-only transformer with the CPU's own kernels.
#include "engine/runtime/executor/cpu_executor.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/kernels/paged_attention.h"
#include "engine/kernels/row_ops.h"
#include "engine/runtime/executor/cpu_layers.h"
#include "engine/runtime/executor/cpu_positions.h"
#include "engine/runtime/executor/token_choice.h"
#include "engine/runtime/executor/torch_status.h"
#include "engine/threads/time_slice_queue.h"

namespace assay::engine {
namespace {

// The number of queries of an attention task: enough to share each load of keys and values, and few
// enough to stay in the first-level cache.
constexpr int64_t kTaskQueries = 48;
// The number of columns of one piece of an activation.
constexpr int64_t kActivationColumns = 512;

RowActivation RowActivationOf(Activation activation) {
  switch (activation) {
    case Activation::kSilu:
      return RowActivation::kSilu;
    case Activation::kGelu:
      return RowActivation::kGelu;
    case Activation::kGeluTanh:
      return RowActivation::kGeluTanh;
    case Activation::kRelu:
      return RowActivation::kRelu;
  }
  return RowActivation::kRelu;
}

// A token of the step.
struct BatchRow {
  size_t chunk;
  int64_t token;
};

class CpuExecutor : public ModelExecutor {
 public:
  CpuExecutor(const ModelSpec& spec, TransformerWeights weights, const CpuExecutorOptions& options,
              ThreadPool& pool)
      : spec_(spec),
        weights_(std::move(weights)),
        options_(options),
        pool_(pool),
        cache_({.type = options.kv_type,
                .layers = spec.cache_layers(),
                .kv_heads = spec.attention.kv_heads,
                .head_dim = spec.attention.head_dim},
               options.pages),
        positions_(spec_, options.context, weights_.rope_factors),
        group_(spec.attention.heads / spec.attention.kv_heads),
        task_tokens_(std::max<int64_t>(1, kTaskQueries / group_)),
        hidden_(Floats(spec.hidden)),
        normed_(options.max_tokens, spec.hidden),
        qkv_(Floats(spec.query_rows() + 2 * spec.kv_rows())),
        attended_(options.max_tokens, spec.query_rows()),
        attention_out_(Floats(spec.hidden)),
        up_(Floats(UpWidth())),
        activated_(options.max_tokens, spec.feed_forward.width),
        feed_forward_out_(Floats(spec.hidden)) {
    if (spec.embedding != spec.hidden) embedded_ = LayerInput(options.max_tokens, spec.embedding);
    for (int i = 0; i < pool.threads(); ++i) {
      scratch_.emplace_back(task_tokens_ * group_, spec.attention.head_dim);
    }
  }

  absl::Status Run(const ExecutorStep& step) override {
    rows_.clear();
    logit_rows_.clear();
    for (size_t i = 0; i < step.chunks.size(); ++i) {
      const auto count = static_cast<int64_t>(step.chunks[i].tokens.size());
      for (int64_t t = 0; t < count; ++t) {
        if (t >= count - step.chunks[i].logits) {
          logit_rows_.push_back(static_cast<int64_t>(rows_.size()));
        }
        rows_.push_back({.chunk = i, .token = t});
      }
    }
    if (static_cast<int64_t>(rows_.size()) > options_.max_tokens) {
      return absl::InvalidArgumentError(
          absl::StrCat(rows_.size(), " tokens in one step; the limit is ", options_.max_tokens));
    }
    chunks_ = step.chunks;
    RETURN_IF_ERROR(CatchTorch("preparing a step", [&]() -> absl::Status {
      PrepareTasks();
      positions_.Prepare(chunks_);
      PrepareLogits();
      return absl::OkStatus();
    }));
    slice_ = pool_.Run([&](TeamMember& member) {
      Compute(member);
      ForEach(member, step.choices, [this](TokenChoice& choice) { ChooseTokens(choice); });
      ForEach(member, step.ratings, [this](TokenRating& rating) { RateToken(rating); });
    });
    return absl::OkStatus();
  }

  absl::Duration waited() const override { return slice_.waited; }
  absl::Duration contention_interval() const override { return pool_.ContentionInterval(slice_); }

  absl::Status CopyLogits(int64_t row, absl::Span<float> out) override {
    for (auto to = out.begin(); to < out.end(); ++row) {
      const absl::Span<const float> values = Logits(row);
      to = std::copy(values.begin(), values.end(), to);
    }
    return absl::OkStatus();
  }

  int64_t pages() const override { return cache_.pages(); }
  int64_t weight_bytes() const override { return weights_.bytes; }
  int64_t cache_bytes() const override { return cache_.Bytes(); }

 private:
  // The queries of some tokens of a sequence for the heads that share one KV head.
  struct Task {
    size_t chunk;
    int64_t first_row;
    int64_t first_token;
    int64_t count;
    int64_t kv_head;
  };

  AlignedArray<float> Floats(int64_t columns) const {
    return AlignedArray<float>(static_cast<size_t>(options_.max_tokens * columns));
  }
  int64_t UpWidth() const { return spec_.feed_forward.width * (spec_.feed_forward.gated ? 2 : 1); }
  int64_t row_count() const { return static_cast<int64_t>(rows_.size()); }
  FloatRows Hidden() { return {.data = hidden_.data(), .stride = spec_.hidden}; }
  FloatRows Qkv() {
    return {.data = qkv_.data(), .stride = spec_.query_rows() + 2 * spec_.kv_rows()};
  }
  FloatRows AttentionOut() { return {.data = attention_out_.data(), .stride = spec_.hidden}; }
  FloatRows Up() { return {.data = up_.data(), .stride = UpWidth()}; }
  FloatRows FeedForwardOut() { return {.data = feed_forward_out_.data(), .stride = spec_.hidden}; }
  template <typename T, typename Work>
  static void ForEach(TeamMember& member, absl::Span<T> items, const Work& work) {
    member.For(static_cast<int64_t>(items.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) work(items[static_cast<size_t>(i)]);
    });
  }

  void ChooseTokens(TokenChoice& choice) const {
    choice.tokens = ChooseWhileAccepted(
        choice, [&](int64_t row) { return ChooseByLogits(Logits(row), choice); });
  }

  // Overwrites the row's logits.
  void RateToken(TokenRating& rating) {
    float* logits = logits_.data() + rating.row * spec_.vocab;
    const float own = logits[rating.token];
    const int64_t largest = ArgmaxOfRow(logits, spec_.vocab);
    if (largest < 0) {
      rating.score = LogitsNotFinite();
      return;
    }
    const float max = logits[largest];
    const double sum = ExpOfRow(logits, spec_.vocab, max, 1.0F, logits);
    rating.score = CheckFinite(
        {.log_probability = static_cast<double>(own) - max - std::log(sum), .greedy = own == max});
  }

  absl::Span<const float> Logits(int64_t row) const {
    if (spec_.encoder) {
      const int64_t hidden_row = logit_rows_[static_cast<size_t>(row)];
      return absl::MakeConstSpan(hidden_.data() + hidden_row * spec_.hidden,
                                 static_cast<size_t>(spec_.hidden));
    }
    return absl::MakeConstSpan(logits_.data() + row * spec_.vocab,
                               static_cast<size_t>(spec_.vocab));
  }

  void PrepareLogits() {
    if (spec_.encoder) return;
    const auto rows = std::max(static_cast<int64_t>(logit_rows_.size()), options_.logit_rows);
    const auto size = static_cast<size_t>(rows * spec_.vocab);
    if (logits_.size() == size) return;
    logits_ = {};
    logits_ = AlignedArray<float>(size);
  }

  void PrepareTasks() {
    tasks_.clear();
    int64_t row = 0;
    for (size_t i = 0; i < chunks_.size(); ++i) {
      const auto count = static_cast<int64_t>(chunks_[i].tokens.size());
      for (int64_t t = 0; t < count; t += task_tokens_) {
        for (int64_t head = 0; head < spec_.attention.kv_heads; ++head) {
          tasks_.push_back({.chunk = i,
                            .first_row = row + t,
                            .first_token = t,
                            .count = std::min(task_tokens_, count - t),
                            .kv_head = head});
        }
      }
      row += count;
    }
  }

  void Compute(TeamMember& member) {
    Embed(member);
    for (int64_t layer = 0; layer < spec_.layers; ++layer) {
      const LayerWeights& weights = weights_.layers[static_cast<size_t>(layer)];
      Attention(member, layer, weights);
      FeedForward(member, weights);
      ForRows(member, row_count(), [&](int64_t row) {
        EndLayer(weights, row);
        if (layer + 1 < spec_.layers) BeginLayer(layer + 1, row);
      });
    }
    if (!spec_.encoder) Output(member);
  }

  void Embed(TeamMember& member) {
    const bool projects = spec_.embedding != spec_.hidden;
    ForRows(member, row_count(), [&](int64_t row) {
      const BatchRow& batch_row = rows_[static_cast<size_t>(row)];
      const TokenId token = chunks_[batch_row.chunk].tokens[static_cast<size_t>(batch_row.token)];
      float* out = projects ? embedded_.floats().row(row) : Hidden().row(row);
      weights_.token_embedding.packed.front().GetRow(token, out);
      if (spec_.embedding_scale != 1.0) {
        const auto scale = static_cast<float>(spec_.embedding_scale);
        for (int64_t i = 0; i < spec_.embedding; ++i) out[i] *= scale;
      }
      if (projects) embedded_.Finish(row);
    });
    if (projects) Project(member, weights_.project_in, embedded_, row_count(), Hidden());
    ForRows(member, row_count(), [&](int64_t row) {
      float* hidden = Hidden().row(row);
      if (spec_.position == PositionKind::kLearned) {
        const BatchRow& batch_row = rows_[static_cast<size_t>(row)];
        const int64_t position =
            chunks_[batch_row.chunk].position + batch_row.token + spec_.learned_offset;
        AddRow(weights_.position_embedding.const_data_ptr<float>() + position * spec_.hidden,
               spec_.hidden, hidden);
      }
      if (spec_.embedding_norm) NormRow(spec_, weights_.embedding_norm, hidden, hidden);
      BeginLayer(0, row);
    });
  }

  // Writes the input of attention.
  void BeginLayer(int64_t layer, int64_t row) {
    const LayerWeights& weights = weights_.layers[static_cast<size_t>(layer)];
    const float* hidden = Hidden().row(row);
    float* normed = normed_.floats().row(row);
    if (spec_.norm_place == NormPlace::kAfter) {
      std::copy_n(hidden, spec_.hidden, normed);
    } else {
      NormRow(spec_, weights.attention_norm, hidden, normed);
    }
    normed_.Finish(row);
  }

  void Attention(TeamMember& member, int64_t layer, const LayerWeights& weights) {
    Project(member, weights.qkv, normed_, row_count(), Qkv());
    ForRows(member, row_count(), [&](int64_t row) { CacheRow(layer, weights, row); });
    const int64_t columns = group_ * spec_.attention.head_dim;
    const bool whole_groups = columns % kGroup == 0;
    member.For(static_cast<int64_t>(tasks_.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const Task& task = tasks_[static_cast<size_t>(i)];
        Attend(layer, task, scratch_[static_cast<size_t>(member.index())]);
        if (!whole_groups) continue;
        for (int64_t r = 0; r < task.count; ++r) {
          attended_.Finish(task.first_row + r, task.kv_head * columns,
                           (task.kv_head + 1) * columns);
        }
      }
    });
    if (!whole_groups) {
      ForRows(member, row_count(), [&](int64_t row) { attended_.Finish(row); });
    }
    Project(member, weights.attention_output, attended_, row_count(), AttentionOut());
  }

  // Rotates the queries and keys of a token and writes its keys and values to the KV cache.
  void CacheRow(int64_t layer, const LayerWeights& weights, int64_t row) {
    const AttentionSpec& spec = spec_.attention;
    const BatchRow& batch_row = rows_[static_cast<size_t>(row)];
    const SequenceChunk& chunk = chunks_[batch_row.chunk];
    float* queries = Qkv().row(row);
    float* keys = queries + spec_.query_rows();
    const float* values = keys + spec_.kv_rows();
    if (spec.qk_norm != QkNorm::kNone) {
      NormHeadsInPlace(spec_, weights.query_norm, spec.heads, queries);
      NormHeadsInPlace(spec_, weights.key_norm, spec.kv_heads, keys);
    }
    positions_.Rotate(layer, batch_row.chunk, batch_row.token, queries);
    const int64_t position = chunk.position + batch_row.token;
    const int64_t page = chunk.pages[static_cast<size_t>(position / kPageTokens)];
    for (int64_t head = 0; head < spec.kv_heads; ++head) {
      cache_.Write(spec_.CacheLayer(layer), page, position % kPageTokens, head,
                   keys + head * spec.head_dim, values + head * spec.head_dim);
    }
  }

  void Attend(int64_t layer, const Task& task, AttentionScratch& scratch) {
    const AttentionSpec& spec = spec_.attention;
    const SequenceChunk& chunk = chunks_[task.chunk];
    const double scale =
        spec.scale_by_inverse_layer ? spec.scale / static_cast<double>(layer + 1) : spec.scale;
    const int64_t first_head = task.kv_head * group_;
    const int64_t column = first_head * spec.head_dim;
    const FloatRows queries = Qkv();
    const FloatRows out = attended_.floats();
    AttendPages(cache_,
                {.layer = spec_.CacheLayer(layer),
                 .kv_head = task.kv_head,
                 .group = group_,
                 .pages = chunk.pages,
                 .position = chunk.position + task.first_token,
                 .count = task.count,
                 .keys = spec_.encoder ? static_cast<int64_t>(chunk.tokens.size()) : 0,
                 .window = spec_.IsWindowed(layer) ? spec.window : 0,
                 .scale = static_cast<float>(scale),
                 .softcap = static_cast<float>(spec.softcap),
                 .slopes = positions_.Slopes(first_head),
                 .biases = positions_.Biases(first_head),
                 .bias_stride = positions_.bias_stride(),
                 .queries = {queries.row(task.first_row) + column, queries.stride},
                 .out = {out.row(task.first_row) + column, out.stride}},
                scratch);
  }

  void FeedForward(TeamMember& member, const LayerWeights& weights) {
    if (!spec_.parallel || !spec_.shared_norm) {
      ForRows(member, row_count(), [&](int64_t row) { BeginFeedForward(weights, row); });
    }
    Project(member, weights.up, normed_, row_count(), Up());
    const FeedForwardSpec& spec = spec_.feed_forward;
    const int64_t pieces = (spec.width + kActivationColumns - 1) / kActivationColumns;
    ForRows(member, row_count() * pieces,
            [&](int64_t piece) { ActivatePiece(piece / pieces, piece % pieces); });
    Project(member, weights.down, activated_, row_count(), FeedForwardOut());
  }

  void ActivatePiece(int64_t row, int64_t piece) {
    const FeedForwardSpec& spec = spec_.feed_forward;
    const int64_t begin = piece * kActivationColumns;
    const int64_t end = std::min(begin + kActivationColumns, spec.width);
    const float* first = Up().row(row) + begin;
    Activate(RowActivationOf(spec.activation), first, spec.gated ? first + spec.width : nullptr,
             end - begin, activated_.floats().row(row) + begin);
    activated_.Finish(row, begin, end);
  }

  // Adds the output of attention and writes the input of the feed-forward network.
  void BeginFeedForward(const LayerWeights& weights, int64_t row) {
    float* hidden = Hidden().row(row);
    float* normed = normed_.floats().row(row);
    float* attended = AttentionOut().row(row);
    if (!spec_.parallel) {
      if (spec_.norm_place == NormPlace::kBeforeAndAfter) {
        NormRow(spec_, weights.attention_post_norm, attended, attended);
      }
      AddRow(attended, spec_.hidden, hidden);
    }
    if (spec_.norm_place == NormPlace::kAfter) {
      NormRow(spec_, weights.attention_norm, hidden, hidden);
      std::copy_n(hidden, spec_.hidden, normed);
    } else {
      NormRow(spec_, weights.feed_forward_norm, hidden, normed);
    }
    normed_.Finish(row);
  }

  // Adds the output of the feed-forward network.
  void EndLayer(const LayerWeights& weights, int64_t row) {
    float* hidden = Hidden().row(row);
    float* output = FeedForwardOut().row(row);
    if (spec_.parallel) AddRow(AttentionOut().row(row), spec_.hidden, hidden);
    if (spec_.norm_place == NormPlace::kBeforeAndAfter) {
      NormRow(spec_, weights.feed_forward_post_norm, output, output);
    }
    AddRow(output, spec_.hidden, hidden);
    if (spec_.norm_place == NormPlace::kAfter) {
      NormRow(spec_, weights.feed_forward_norm, hidden, hidden);
    }
  }

  void Output(TeamMember& member) {
    const auto rows = static_cast<int64_t>(logit_rows_.size());
    if (rows == 0) return;
    ForRows(member, rows, [&](int64_t i) {
      const float* hidden = Hidden().row(logit_rows_[static_cast<size_t>(i)]);
      float* normed = normed_.floats().row(i);
      if (spec_.final_norm) {
        NormRow(spec_, weights_.output_norm, hidden, normed);
      } else {
        std::copy_n(hidden, spec_.hidden, normed);
      }
      normed_.Finish(i);
    });
    LayerInput* last = &normed_;
    if (weights_.project_out.defined()) {
      Project(member, weights_.project_out, normed_, rows, embedded_.floats());
      ForRows(member, rows, [&](int64_t i) { embedded_.Finish(i); });
      last = &embedded_;
    }
    const FloatRows logits = {.data = logits_.data(), .stride = spec_.vocab};
    const bool tied = weights_.output.packed.empty();
    Project(member, tied ? weights_.token_embedding.packed : weights_.output.packed,
            weights_.output.bias, *last, rows, logits);
    if (spec_.logit_softcap == 0.0) return;
    ForRows(member, rows, [&](int64_t i) {
      CapRow(static_cast<float>(spec_.logit_softcap), spec_.vocab, logits.row(i));
    });
  }

  const ModelSpec spec_;
  const TransformerWeights weights_;
  const CpuExecutorOptions options_;
  ThreadPool& pool_;
  KvPages cache_;
  CpuPositions positions_;
  const int64_t group_;
  const int64_t task_tokens_;

  // The time slice of the last Run().
  TimeSliceQueue::Slice slice_;
  // The state of the current step.
  absl::Span<const SequenceChunk> chunks_;
  std::vector<BatchRow> rows_;
  std::vector<int64_t> logit_rows_;
  std::vector<Task> tasks_;
  AlignedArray<float> logits_;

  // Activations, [max_tokens, columns] each.
  AlignedArray<float> hidden_;
  LayerInput embedded_;
  LayerInput normed_;
  AlignedArray<float> qkv_;
  LayerInput attended_;
  AlignedArray<float> attention_out_;
  AlignedArray<float> up_;
  LayerInput activated_;
  AlignedArray<float> feed_forward_out_;
  // One per thread.
  std::vector<AttentionScratch> scratch_;
};

}  // namespace

std::unique_ptr<ModelExecutor> MakeCpuExecutor(const ModelSpec& spec, TransformerWeights weights,
                                               const CpuExecutorOptions& options,
                                               ThreadPool& pool) {
  return std::make_unique<CpuExecutor>(spec, std::move(weights), options, pool);
}

}  // namespace assay::engine
