// Reads the user-defined content types and scorers of assayd.yaml.
#include "server/config/scoring_config.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"

namespace assay::server {
namespace {

using evaluator::Band;
using evaluator::ContentTypeProfile;
using evaluator::LengthUnit;

constexpr double kMaxLength = 1e6;
constexpr double kMaxGrade = 30;
constexpr int64_t kMaxHashtags = 100;
constexpr double kMaxWeight = 1000;
constexpr double kMaxTimeoutSeconds = 600;
constexpr size_t kMaxNameBytes = 64;

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
         });
}

// Reads a list [low, high].
void ReadBand(YamlMap& map, std::string_view key, double max, Band* band) {
  if (!map.Has(key)) return;
  const std::vector<std::string> ends = map.Strings(key);
  Band read;
  if (ends.size() != 2 || !absl::SimpleAtod(ends[0], &read.low) ||
      !absl::SimpleAtod(ends[1], &read.high) || !(read.low >= 0) || !(read.high <= max) ||
      !(read.low < read.high)) {
    map.Error(key, absl::StrCat("must be two numbers, [low, high], from 0 to ", max));
    return;
  }
  *band = read;
}

void ReadLength(YamlMap& map, ContentTypeProfile* profile) {
  int given = 0;
  for (size_t i = 0; i < evaluator::kLengthUnitNames.size(); ++i) {
    const std::string_view unit = evaluator::kLengthUnitNames[i];
    if (!map.Has(unit)) continue;
    ++given;
    ReadBand(map, unit, kMaxLength, &profile->length);
    profile->unit = static_cast<LengthUnit>(i);
  }
  if (given > 1) map.Error("", "set only one of words, characters and tweet_characters");
}

void ReadExpects(YamlMap& map, ContentTypeProfile* profile) {
  if (!map.Has("expects")) return;
  profile->expects.clear();
  profile->expects_at_least = 0;
  for (const std::string& name : map.Strings("expects")) {
    const auto found =
        std::find(evaluator::kElementNames.begin(), evaluator::kElementNames.end(), name);
    if (found == evaluator::kElementNames.end()) {
      map.Error("expects", absl::StrCat("'", name, "' is not one of ",
                                        absl::StrJoin(evaluator::kElementNames, ", ",
                                                      [](std::string* out, std::string_view n) {
                                                        out->append(n);
                                                      })));
      return;
    }
    profile->expects.push_back(
        static_cast<evaluator::Element>(found - evaluator::kElementNames.begin()));
  }
}

void ReadWeights(YamlMap map, evaluator::Weights* weights) {
  double sum = 0;
  for (size_t i = 0; i < evaluator::kDimensions; ++i) {
    (*weights)[i] = map.Number(evaluator::kDimensionNames[i], (*weights)[i], 0, kMaxWeight);
    sum += (*weights)[i];
  }
  if (sum <= 0) map.Error("", "every weight is 0; at least one must be greater than 0");
}

ContentTypeProfile ReadProfile(YamlMap map) {
  const std::string like = map.String("like", "default");
  const ContentTypeProfile* base = evaluator::FindProfile(evaluator::BuiltInProfiles(), like);
  if (base == nullptr) {
    map.Error("like", absl::StrCat("'", like,
                                   "' is not one of twitter, linkedin, technical, business, email, "
                                   "blog, default"));
    base = &evaluator::BuiltInProfiles().back();
  }
  ContentTypeProfile profile = *base;
  profile.name = map.RequiredString("name");
  if (!IsName(profile.name)) {
    map.Error("name", absl::StrCat("'", profile.name, "' must be 1 to ", kMaxNameBytes,
                                   " letters, digits, '_' or '-'"));
  }
  ReadLength(map, &profile);
  profile.platform_limit = static_cast<int>(
      map.Int("platform_limit", profile.platform_limit, 0, static_cast<int64_t>(kMaxLength)));
  ReadBand(map, "grade", kMaxGrade, &profile.grade);
  profile.max_hashtags =
      static_cast<int>(map.Int("max_hashtags", profile.max_hashtags, 0, kMaxHashtags));
  ReadExpects(map, &profile);
  profile.expects_at_least =
      static_cast<int>(map.Int("expects_at_least", profile.expects_at_least, 0,
                               static_cast<int64_t>(profile.expects.size())));
  if (map.Has("vocabulary")) {
    profile.vocabulary = map.Strings("vocabulary");
    for (std::string& word : profile.vocabulary) absl::AsciiStrToLower(&word);
  }
  if (map.Has("weights")) ReadWeights(map.Map("weights"), &profile.weights);
  return profile;
}

}  // namespace

std::vector<ContentTypeProfile> ReadContentTypes(YamlMap evaluation) {
  std::vector<ContentTypeProfile> profiles;
  std::set<std::string> names;
  for (YamlMap map : evaluation.Maps("content_types")) {
    profiles.push_back(ReadProfile(map));
    if (names.insert(profiles.back().name).second) continue;
    map.Error("name", absl::StrCat("'", profiles.back().name, "' is duplicated"));
  }
  return profiles;
}

std::vector<evaluator::CommandScorerOptions> ReadScorers(YamlMap evaluation) {
  std::vector<evaluator::CommandScorerOptions> scorers;
  std::set<std::string> names = {"assay", "classic", "judge"};
  for (YamlMap map : evaluation.Maps("scorers")) {
    evaluator::CommandScorerOptions options;
    options.name = map.RequiredString("name");
    options.command = map.Strings("command");
    options.version = map.String("version", "1");
    options.timeout = absl::Seconds(
        map.Seconds("timeout", absl::ToDoubleSeconds(options.timeout), 0.001, kMaxTimeoutSeconds));
    if (!IsName(options.name)) {
      map.Error("name", absl::StrCat("'", options.name, "' must be 1 to ", kMaxNameBytes,
                                     " letters, digits, '_' or '-'"));
    } else if (!names.insert(options.name).second) {
      map.Error("name", absl::StrCat("'", options.name, "' is already used; choose another name"));
    }
    if (options.command.empty()) {
      map.Error("command", "is required: set the program and its arguments");
    }
    scorers.push_back(std::move(options));
  }
  return scorers;
}

}  // namespace assay::server
