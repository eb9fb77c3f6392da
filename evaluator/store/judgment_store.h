// The part of the store that holds what judges decide about pairs of samples.
#ifndef ASSAY_EVALUATOR_STORE_JUDGMENT_STORE_H_
#define ASSAY_EVALUATOR_STORE_JUDGMENT_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "evaluator/records/judgment.h"
#include "evaluator/store/sqlite.h"

namespace assay::evaluator {

// Stores judgments and the answers of judges in the file of the RunStore, through a connection of
// its own. Methods block on the disk, for about one sync per write. Thread-safe.
class JudgmentStore {
 public:
  // Errors are those of RunStore::Open().
  static absl::StatusOr<std::unique_ptr<JudgmentStore>> Open(const std::string& path);

  // Records a judgment. It replaces an earlier one of the same judge about the same samples, in
  // either order. Returns NOT_FOUND if the evaluation has no such sample.
  absl::Status Add(std::string_view evaluation_id, const Judgment& judgment);
  // Returns the judgments in the order of the samples. Within a pair, the sample that was taken
  // first is `sample`. An unknown evaluation has none.
  absl::StatusOr<std::vector<Judgment>> Judgments(std::string_view evaluation_id);

  // Returns the stored answer to a question, or nullopt.
  absl::StatusOr<std::optional<JudgeAnswer>> FindAnswer(std::string_view question_sha256);
  // Stores an answer. Replaces an earlier one.
  absl::Status AddAnswer(std::string_view question_sha256, const JudgeAnswer& answer,
                         absl::Time now);

 private:
  explicit JudgmentStore(std::unique_ptr<sqlite::Database> database)
      : database_(std::move(database)) {}

  absl::Mutex mutex_;
  const std::unique_ptr<sqlite::Database> database_ ABSL_PT_GUARDED_BY(mutex_);
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_STORE_JUDGMENT_STORE_H_
