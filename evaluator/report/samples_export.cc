// The exports of samples as JSONL and CSV.
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "evaluator/records/json_types.h"
#include "evaluator/report/exports.h"
#include "evaluator/report/judgment_export.h"
#include "evaluator/report/plain_text.h"

namespace assay::evaluator {
namespace {

using Json = nlohmann::json;

std::string TimeText(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
}

Json ScoreJson(const SampleScore& score) {
  return {{"scorer", score.scorer},
          {"version", score.version},
          {"overall", score.overall},
          {"parts", score.parts},
          {"error", score.error.empty() ? Json(nullptr) : Json(score.error)}};
}

Json GenerationJson(const Generation& g) {
  return {{"text", g.text},
          {"finish_reason", g.finish_reason},
          {"prompt_tokens", g.prompt_tokens},
          {"cached_tokens", g.cached_tokens},
          {"completion_tokens", g.completion_tokens},
          {"load_ms", g.load_ms},
          {"queue_ms", g.queue_ms},
          {"prefill_ms", g.prefill_ms},
          {"first_token_ms", g.first_token_ms},
          {"per_token_ms", g.per_token_ms},
          {"inter_token_p50_ms", g.inter_token_p50_ms},
          {"inter_token_p90_ms", g.inter_token_p90_ms},
          {"inter_token_p99_ms", g.inter_token_p99_ms},
          {"total_ms", g.total_ms},
          {"tokens_per_second", g.tokens_per_second}};
}

Json SampleJson(const ReportInput& input, const SampleJudgments& judgments, const Sample& sample) {
  Json json = GenerationJson(sample.generation);
  json["evaluation_id"] = input.evaluation.id;
  json["model"] = sample.model;
  json["content_type"] = sample.content_type;
  json["prompt_id"] = sample.prompt_id;
  json["repeat"] = sample.repeat;
  json["seed"] = sample.seed;
  json["error"] = sample.error.empty() ? Json(nullptr) : Json(sample.error);
  json["quality_score"] = sample.quality_score;
  json["scores"] = Json::array();
  for (const SampleScore& score : sample.scores) json["scores"].push_back(ScoreJson(score));
  json["memory_before_bytes"] = sample.memory.before_bytes;
  json["memory_after_bytes"] = sample.memory.after_bytes;
  json["memory_peak_bytes"] = sample.memory.peak_bytes;
  json["memory_device_bytes"] = sample.memory.device_bytes;
  json["memory_kv_cache_bytes"] = sample.memory.kv_cache_bytes;
  json["energy_joules"] = sample.energy.source.empty() ? Json(nullptr) : Json(sample.energy.joules);
  json["energy_source"] = sample.energy.source;
  json["cost_usd"] = sample.cost_usd;
  json["finished_at"] = TimeText(sample.finished_at);
  json["revision"] = sample.revision;
  json["judgments"] = judgments.ToJson(sample);
  return json;
}

// Returns the shortest text that parses to the same number; empty for none.
std::string Number(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return "";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), *value);
  return std::string(buffer, end.ptr);
}

std::string TextField(const std::string& text) {
  std::string field = CleanText(text);
  constexpr absl::string_view kBeginsFormula = "=+-@\t\n";
  // CleanText has turned a leading CR into LF.
  if (!field.empty() && absl::StrContains(kBeginsFormula, field[0])) {
    field.insert(0, 1, '\'');
  }
  if (field.find_first_of(",\"\n\r") == std::string::npos) return field;
  return absl::StrCat("\"", absl::StrReplaceAll(field, {{"\"", "\"\""}}), "\"");
}

// A scorer's own score (part empty) or one of its parts.
using ScoreColumn = std::pair<std::string, std::string>;

std::vector<ScoreColumn> ScoreColumns(const std::vector<Sample>& samples) {
  std::set<ScoreColumn> columns;
  for (const Sample& sample : samples) {
    for (const SampleScore& score : sample.scores) {
      columns.insert({score.scorer, ""});
      for (const auto& [part, value] : score.parts) columns.insert({score.scorer, part});
    }
  }
  return {columns.begin(), columns.end()};
}

std::string ScoreField(const Sample& sample, const ScoreColumn& column) {
  for (const SampleScore& score : sample.scores) {
    if (score.scorer != column.first) continue;
    if (column.second.empty()) return Number(score.overall);
    const auto part = score.parts.find(column.second);
    return part == score.parts.end() ? "" : Number(part->second);
  }
  return "";
}

constexpr std::string_view kCsvHeader =
    "model,content_type,prompt_id,repeat,seed,finished_at,revision,error,finish_reason,"
    "prompt_tokens,cached_tokens,completion_tokens,queue_ms,prefill_ms,first_token_ms,per_token_ms,"
    "inter_token_p50_ms,inter_token_p90_ms,inter_token_p99_ms,total_ms,tokens_per_second,"
    "quality_score,scorer,scorer_version,memory_before_bytes,memory_after_bytes,memory_peak_bytes,"
    "memory_device_bytes,memory_kv_cache_bytes,energy_joules,energy_source,cost_usd";

std::vector<std::string> CsvFields(const Sample& s) {
  const Generation& g = s.generation;
  return {TextField(s.model),
          TextField(s.content_type),
          TextField(s.prompt_id),
          absl::StrCat(s.repeat),
          absl::StrCat(s.seed),
          TimeText(s.finished_at),
          TextField(s.revision),
          TextField(s.error),
          TextField(g.finish_reason),
          absl::StrCat(g.prompt_tokens),
          absl::StrCat(g.cached_tokens),
          absl::StrCat(g.completion_tokens),
          Number(g.queue_ms),
          Number(g.prefill_ms),
          Number(g.first_token_ms),
          Number(g.per_token_ms),
          Number(g.inter_token_p50_ms),
          Number(g.inter_token_p90_ms),
          Number(g.inter_token_p99_ms),
          Number(g.total_ms),
          Number(g.tokens_per_second),
          Number(s.quality_score),
          TextField(s.scorer),
          TextField(s.scorer_version),
          absl::StrCat(s.memory.before_bytes),
          absl::StrCat(s.memory.after_bytes),
          absl::StrCat(s.memory.peak_bytes),
          absl::StrCat(s.memory.device_bytes),
          absl::StrCat(s.memory.kv_cache_bytes),
          s.energy.source.empty() ? "" : Number(s.energy.joules),
          TextField(s.energy.source),
          Number(s.cost_usd)};
}

}  // namespace

std::string SamplesJsonl(const ReportInput& input) {
  const SampleJudgments judgments(input.judgments);
  std::string lines;
  for (const Sample& sample : input.samples) {
    lines += DumpJson(SampleJson(input, judgments, sample));
    lines += '\n';
  }
  return lines;
}

std::string SamplesCsv(const ReportInput& input) {
  const std::vector<ScoreColumn> columns = ScoreColumns(input.samples);
  std::string csv(kCsvHeader);
  for (const auto& [scorer, part] : columns) {
    absl::StrAppend(&csv, ",", TextField(part.empty() ? scorer : absl::StrCat(scorer, "/", part)));
  }
  const SampleJudgments judgments(input.judgments);
  for (const std::string& judge : judgments.judges()) {
    absl::StrAppend(&csv, ",", TextField(absl::StrCat("judge/", judge)));
  }
  csv += ",text\r\n";
  for (const Sample& sample : input.samples) {
    std::vector<std::string> fields = CsvFields(sample);
    for (const ScoreColumn& column : columns) fields.push_back(ScoreField(sample, column));
    for (const std::string& judge : judgments.judges()) {
      fields.push_back(Number(judgments.WinShare(sample, judge)));
    }
    fields.push_back(TextField(sample.generation.text));
    absl::StrAppend(&csv, absl::StrJoin(fields, ","), "\r\n");
  }
  return csv;
}

}  // namespace assay::evaluator
