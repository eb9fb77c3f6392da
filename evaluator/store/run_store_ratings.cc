// The part of the run store that handles people's ratings of samples.
#include <optional>
#include <utility>

#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "evaluator/store/sqlite_run_store.h"
#include "evaluator/store/store_database.h"

namespace assay::evaluator {

using sqlite::Statement;
using sqlite::Transaction;

absl::Status SqliteRunStore::AddRating(std::string_view id, const Rating& rating,
                                       RatingCounts* counts) {
  ASSIGN_OR_RETURN(int64_t sample, SampleRow(*database_, id, rating.sample));
  int64_t other = 0;
  std::optional<Preference> preference = rating.preference;
  if (rating.other.has_value()) {
    ASSIGN_OR_RETURN(other, SampleRow(*database_, id, *rating.other));
    // One order per pair, so that a pair has one row however it was shown.
    if (sample > other) {
      std::swap(sample, other);
      if (preference.has_value()) preference = Swapped(*preference);
    }
  }
  std::optional<int> stored;
  if (preference.has_value()) stored = static_cast<int>(*preference);
  ASSIGN_OR_RETURN(
      Statement known,
      database_->Prepare("SELECT score, preference FROM ratings WHERE evaluation_id = ?"
                         " AND rater = ? AND sample_id = ? AND other_id = ?"));
  ASSIGN_OR_RETURN(const bool exists, known.Bind(id, rating.rater, sample, other).Step());
  if (exists) {
    const bool same =
        known.Real(0) == rating.score.value_or(0) && known.Integer(1) == stored.value_or(0);
    if (same) {
      ++counts->unchanged;
      return absl::OkStatus();
    }
  }
  ++(exists ? counts->replaced : counts->added);
  return Run(
      "INSERT INTO ratings (evaluation_id, rater, sample_id, other_id, score, preference, rated_at)"
      " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (evaluation_id, rater, sample_id, other_id)"
      " DO UPDATE SET score = excluded.score, preference = excluded.preference,"
      " rated_at = excluded.rated_at",
      id, rating.rater, sample, other, rating.score, stored, absl::ToUnixMicros(rating.rated_at));
}

absl::StatusOr<RatingCounts> SqliteRunStore::AddRatings(std::string_view id,
                                                        const std::vector<Rating>& ratings) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(CheckExists(id));
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_.get()));
  RatingCounts counts;
  for (const Rating& rating : ratings) RETURN_IF_ERROR(AddRating(id, rating, &counts));
  RETURN_IF_ERROR(transaction.Commit());
  return counts;
}

absl::StatusOr<std::vector<Rating>> SqliteRunStore::Ratings(std::string_view id) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(CheckExists(id));
  ASSIGN_OR_RETURN(
      Statement row,
      database_->Prepare("SELECT r.rater, s.model, s.prompt_id, s.repeat, o.model, o.prompt_id,"
                         " o.repeat, r.score, r.preference, r.rated_at FROM ratings r"
                         " JOIN samples s ON s.id = r.sample_id"
                         " LEFT JOIN samples o ON o.id = r.other_id"
                         " WHERE r.evaluation_id = ? ORDER BY r.rated_at, r.id"));
  row.Bind(id);
  std::vector<Rating> ratings;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return ratings;
    Rating rating{.rater = row.Text(0),
                  .sample = {.model = row.Text(1),
                             .prompt_id = row.Text(2),
                             .repeat = static_cast<int>(row.Integer(3))},
                  .rated_at = absl::FromUnixMicros(row.Integer(9))};
    if (!row.IsNull(4)) {
      rating.other = {.model = row.Text(4),
                      .prompt_id = row.Text(5),
                      .repeat = static_cast<int>(row.Integer(6))};
    }
    if (!row.IsNull(7)) rating.score = row.Real(7);
    if (!row.IsNull(8)) rating.preference = static_cast<Preference>(row.Integer(8));
    ratings.push_back(std::move(rating));
  }
}

}  // namespace assay::evaluator
