// Implementation of shrunk means.
#include "registry/routing/shrunk_means.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>

namespace assay::registry {
namespace {

constexpr size_t kMinModels = 4;
// The estimator loses three degrees of freedom: two as always, one for the common mean.
constexpr double kLostDegrees = 3;

using Rows = std::vector<std::vector<double>>;

// Returns the scores of each prompt that all models have results for.
Rows CommonScores(const std::vector<PromptResults>& models) {
  std::map<uint64_t, std::vector<double>> scores;
  for (const PromptResults& results : models) {
    for (const PromptResult& result : results) scores[result.prompt].push_back(result.score);
  }
  Rows rows;
  for (auto& [prompt, row] : scores) {
    if (row.size() == models.size()) rows.push_back(std::move(row));
  }
  return rows;
}

double MeanOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Returns the variance of a model's mean over these prompts, from the residuals of the additive
// model "score = model + prompt".
double VarianceOfMeans(const Rows& rows) {
  const size_t models = rows.front().size();
  const auto prompts = static_cast<double>(rows.size());
  std::vector<double> model_means(models);
  double whole = 0;
  for (const std::vector<double>& row : rows) {
    for (size_t i = 0; i < models; ++i) model_means[i] += row[i] / prompts;
    whole += MeanOf(row) / prompts;
  }
  double squares = 0;
  for (const std::vector<double>& row : rows) {
    const double prompt_mean = MeanOf(row);
    for (size_t i = 0; i < models; ++i) {
      const double residual = row[i] - model_means[i] - prompt_mean + whole;
      squares += residual * residual;
    }
  }
  const double degrees = (prompts - 1) * static_cast<double>(models - 1);
  return squares / degrees / prompts;
}

}  // namespace

std::vector<double> ShrunkMeans(const std::vector<PromptResults>& models) {
  std::vector<double> means;
  means.reserve(models.size());
  for (const PromptResults& results : models) means.push_back(MeanScore(results));
  if (models.size() < kMinModels) return means;
  const Rows rows = CommonScores(models);
  if (rows.size() < 2) return means;
  const double center = MeanOf(means);
  double distances = 0;
  for (const double mean : means) distances += (mean - center) * (mean - center);
  if (distances == 0) return means;
  const double excess = (static_cast<double>(models.size()) - kLostDegrees) * VarianceOfMeans(rows);
  const double kept = std::max(0.0, 1 - excess / distances);
  for (double& mean : means) mean = center + kept * (mean - center);
  return means;
}

}  // namespace assay::registry
