// Files with people's ratings, JSONL or CSV.
#include "client/input/ratings_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/input/csv.h"
#include "client/input/jsonl_file.h"
#include "client/input/table_file.h"
#include "google/protobuf/util/time_util.h"
#include "nlohmann/json.hpp"

namespace assay::client {
namespace {

using Json = nlohmann::ordered_json;
using google::protobuf::util::TimeUtil;

constexpr double kMaxScore = 10;
constexpr int64_t kMaxRows = 1'000'000;

// The columns of a CSV file and the keys of a JSON object. Those after rated_at are for readers:
// they are written, and ignored when they are read.
constexpr auto kNames = std::to_array<const char*>(
    {"rater", "sample", "other_sample", "score", "preference", "rated_at", "model", "other_model",
     "content_type", "prompt_id", "repeat"});

struct PreferenceName {
  const char* name;
  v1::Preference value;
};
constexpr std::array<PreferenceName, 3> kPreferences = {{{"sample", v1::PREFERENCE_SAMPLE},
                                                         {"other", v1::PREFERENCE_OTHER},
                                                         {"tie", v1::PREFERENCE_TIE}}};

absl::Status Wrong(const char* field, const std::string& rule) {
  return absl::InvalidArgumentError(absl::StrCat("\"", field, "\" ", rule));
}

// One rating as text fields by name; a missing field is empty.
using Fields = nlohmann::json;

absl::StatusOr<std::string> Text(const Fields& fields, const char* name, bool required) {
  return StringField(fields, name, required);
}

absl::Status ReadScore(const Fields& fields, v1::Rating* rating) {
  const auto found = fields.find("score");
  if (found == fields.end()) {
    return Wrong("score", "is missing; give a score, or other_sample and preference");
  }
  double score = 0;
  const bool is_number =
      found->is_number() ||
      (found->is_string() && absl::SimpleAtod(found->get<std::string>(), &score));
  if (found->is_number()) score = found->get<double>();
  if (!is_number || !(score >= 0 && score <= kMaxScore)) {
    return Wrong("score",
                 absl::StrCat("is ", found->dump(), "; it must be a number from 0 to ", kMaxScore));
  }
  rating->set_score(score);
  return absl::OkStatus();
}

absl::Status ReadPreference(const Fields& fields, const std::set<std::string>& samples,
                            v1::Rating* rating) {
  if (fields.contains("score")) return Wrong("score", "must be left out beside \"other_sample\"");
  if (!samples.contains(rating->other_sample())) {
    return Wrong("other_sample", absl::StrCat("is '", rating->other_sample(),
                                              "', which is no sample of this evaluation"));
  }
  ASSIGN_OR_RETURN(const std::string word, Text(fields, "preference", true));
  for (const PreferenceName& preference : kPreferences) {
    if (word == preference.name) {
      rating->set_preference(preference.value);
      return absl::OkStatus();
    }
  }
  return Wrong("preference", absl::StrCat("is '", word, "'; it must be sample, other or tie"));
}

absl::StatusOr<v1::Rating> ReadRating(const Fields& fields, const std::set<std::string>& samples) {
  for (const auto& [name, value] : fields.items()) {
    if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
      return Wrong(name.c_str(), "is unknown");
    }
  }
  v1::Rating rating;
  ASSIGN_OR_RETURN(*rating.mutable_rater(), Text(fields, "rater", true));
  ASSIGN_OR_RETURN(*rating.mutable_sample(), Text(fields, "sample", true));
  ASSIGN_OR_RETURN(*rating.mutable_other_sample(), Text(fields, "other_sample", false));
  ASSIGN_OR_RETURN(const std::string time, Text(fields, "rated_at", false));
  if (!samples.contains(rating.sample())) {
    return Wrong("sample",
                 absl::StrCat("is '", rating.sample(), "', which is no sample of this evaluation"));
  }
  if (!time.empty() && !TimeUtil::FromString(time, rating.mutable_rated_at())) {
    return Wrong("rated_at", absl::StrCat("is '", time,
                                          "'; it must be a time such as "
                                          "2026-01-31T10:15:00Z"));
  }
  RETURN_IF_ERROR(rating.other_sample().empty() ? ReadScore(fields, &rating)
                                                : ReadPreference(fields, samples, &rating));
  return rating;
}

absl::StatusOr<std::vector<v1::Rating>> ReadCsvRatings(const std::string& path,
                                                       const std::set<std::string>& samples) {
  ASSIGN_OR_RETURN(const std::vector<TableColumn> columns, ReadTableColumns(path));
  std::vector<std::string> names;
  for (const TableColumn& column : columns) names.push_back(column.name);
  ASSIGN_OR_RETURN(const TableRows table, ReadTableRows({path}, names, {.max_rows = kMaxRows}));
  std::vector<v1::Rating> ratings;
  for (size_t i = 0; i < table.rows.size(); ++i) {
    Fields fields = Fields::object();
    for (const auto& [name, value] : table.values[i].items()) {
      if (value != "") fields[name] = value;
    }
    absl::StatusOr<v1::Rating> rating = ReadRating(fields, samples);
    if (!rating.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": row ", table.rows[i].number, ": ", rating.status().message()));
    }
    ratings.push_back(*std::move(rating));
  }
  return ratings;
}

bool IsCsv(const std::string& path) { return path.ends_with(".csv"); }

std::string PreferenceText(v1::Preference value) {
  for (const PreferenceName& preference : kPreferences) {
    if (preference.value == value) return preference.name;
  }
  return "";
}

Json ToJson(const v1::Rating& rating) {
  Json json = {{"rater", rating.rater()}, {"sample", rating.sample()}};
  if (!rating.other_sample().empty()) json["other_sample"] = rating.other_sample();
  if (rating.has_score()) json["score"] = rating.score();
  if (rating.preference() != v1::PREFERENCE_UNSPECIFIED) {
    json["preference"] = PreferenceText(rating.preference());
  }
  json["rated_at"] = TimeUtil::ToString(rating.rated_at());
  json["model"] = rating.model();
  if (!rating.other_model().empty()) json["other_model"] = rating.other_model();
  json["content_type"] = rating.content_type();
  json["prompt_id"] = rating.prompt_id();
  json["repeat"] = rating.repeat();
  return json;
}

}  // namespace

absl::StatusOr<std::vector<v1::Rating>> ReadRatingsFile(const std::string& path,
                                                        const std::set<std::string>& samples) {
  std::vector<v1::Rating> ratings;
  if (IsCsv(path)) {
    ASSIGN_OR_RETURN(ratings, ReadCsvRatings(path, samples));
  } else {
    RETURN_IF_ERROR(ReadJsonl(path, [&](const Fields& fields, size_t /*line*/) -> absl::Status {
      ASSIGN_OR_RETURN(v1::Rating rating, ReadRating(fields, samples));
      ratings.push_back(std::move(rating));
      return absl::OkStatus();
    }));
  }
  if (ratings.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": has no ratings"));
  return ratings;
}

std::string RatingsFileText(const std::string& path, const std::vector<v1::Rating>& ratings) {
  std::string text;
  if (IsCsv(path)) text = CsvLine(std::vector<std::string>(kNames.begin(), kNames.end()));
  for (const v1::Rating& rating : ratings) {
    const Json json = ToJson(rating);
    if (!IsCsv(path)) {
      absl::StrAppend(&text, json.dump(-1, ' ', false, Json::error_handler_t::replace), "\n");
      continue;
    }
    std::vector<std::string> fields;
    for (const char* name : kNames) {
      const auto found = json.find(name);
      if (found == json.end()) {
        fields.emplace_back();
      } else {
        fields.push_back(found->is_string() ? found->get<std::string>() : found->dump());
      }
    }
    text += CsvLine(fields);
  }
  return text;
}

}  // namespace assay::client
