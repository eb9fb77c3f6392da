// Implementation of the factors of sense. docs/explanation/scoring.md has the formulas.
#include "evaluator/sense/sense.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/annotate.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "evaluator/sense/facts.h"
#include "evaluator/sense/language.h"
#include "evaluator/sense/references.h"

namespace assay::evaluator {
namespace {

// A model reads a language if shuffling a reference text raises its surprise by this fraction.
constexpr double kReadsFrom = 0.6;
// An encoder knows a language if its two reference texts are this much closer to their own prompts.
constexpr double kEmbedsFrom = 0.25;

// A factor that rises linearly from `least` at `from` to 1 at `to`. The values are fractions of the
// reference's.
struct Ramp {
  double from;
  double to;
  double least;
  double At(double value) const {
    return least + (1 - least) * std::clamp((value - from) / (to - from), 0.0, 1.0);
  }
};

// Between the similarity with the other topic (0) and that with the own topic (1).
constexpr Ramp kTopic = {.from = 0.1, .to = 0.6, .least = 0.3};
constexpr Ramp kFluency = {.from = 0.15, .to = 0.4, .least = 0.05};
constexpr Ramp kCoherence = {.from = 2.0, .to = 1.25, .least = 0.3};
// Coherence counts for more than the others, because it alone notices nonsense in good form.
constexpr double kCoherencePower = 1.5;
// By the number of changed facts.
constexpr std::array<double, 4> kChangedFacts = {1, 0.5, 0.4, 0.35};

double Dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return sum;
}

SenseFactor NotJudged(std::string_view name, const std::string& model, std::string_view language) {
  return {.name = name,
          .value = std::nullopt,
          .reason = absl::StrCat(model, " does not know ", std::string(LanguageName(language)))};
}

}  // namespace

SenseFactor JudgeFacts(std::string_view prompt, std::string_view text) {
  const FactCheck check = CheckFacts(prompt, text);
  const size_t changed = std::min(check.changed.size(), kChangedFacts.size() - 1);
  SenseFactor factor{.name = "facts", .value = kChangedFacts[changed], .reason = ""};
  factor.reason = changed > 0 ? absl::StrJoin(check.changed, "; ")
                              : absl::StrCat("the text keeps ", check.kept, " of the prompt's ",
                                             check.given, " facts and changes none");
  return factor;
}

SenseReader::SenseReader(TextGenerator* generator, Embedder* embedder, SenseModels models)
    : generator_(generator), embedder_(embedder), models_(std::move(models)) {}

std::string SenseReader::Version() const {
  std::vector<std::string> ids;
  std::vector<std::string> revisions;
  for (const std::string& id : {models_.language_model, models_.encoder}) {
    if (id.empty()) continue;
    ids.push_back(id);
    if (std::string revision = generator_->RevisionOf(id); !revision.empty()) {
      revisions.push_back(std::move(revision));
    }
  }
  const bool known = revisions.size() == ids.size();
  return absl::StrCat(absl::StrJoin(ids, "+"), known ? "@" : "",
                      known ? absl::StrJoin(revisions, ",") : "");
}

absl::StatusOr<std::vector<std::vector<float>>> SenseReader::Embed(
    absl::Span<const std::string> texts, const CallContext& context) {
  ASSIGN_OR_RETURN(std::vector<std::vector<float>> vectors,
                   embedder_->Embed(models_.encoder, texts, context));
  if (vectors.size() != texts.size()) return absl::InternalError("an embedding is missing");
  return vectors;
}

absl::Status SenseReader::MeasureTopics(const std::vector<ReferenceText>& references,
                                        const CallContext& context, Scale* scale) {
  std::vector<std::string> prompts_and_texts;
  for (const ReferenceText& reference : references) prompts_and_texts.push_back(reference.prompt);
  for (const ReferenceText& reference : references) prompts_and_texts.push_back(reference.text);
  ASSIGN_OR_RETURN(std::vector<std::vector<float>> vectors, Embed(prompts_and_texts, context));
  const size_t count = references.size();
  for (size_t i = 0; i < count; ++i) {
    const size_t other = (i + 1) % count;
    scale->own_topic += Dot(vectors[i], vectors[count + i]) / static_cast<double>(count);
    scale->other_topic += Dot(vectors[i], vectors[count + other]) / static_cast<double>(count);
  }
  return absl::OkStatus();
}

absl::StatusOr<SenseReader::Scale> SenseReader::Measure(std::string_view language,
                                                        const CallContext& context) {
  Scale scale;
  const auto found = References().find(language);
  if (found == References().end()) return scale;
  const std::vector<ReferenceText>& references = found->second;
  const auto count = static_cast<double>(references.size());
  for (const ReferenceText& reference : references) {
    if (models_.language_model.empty()) break;
    ASSIGN_OR_RETURN(Reading reading, ReadText(*generator_, models_.language_model,
                                               reference.prompt, reference.text, context));
    scale.reading.after_prompt += reading.after_prompt / count;
    scale.reading.order += reading.order / count;
  }
  if (!models_.encoder.empty()) RETURN_IF_ERROR(MeasureTopics(references, context, &scale));
  scale.reads = scale.reading.order >= kReadsFrom;
  scale.embeds = scale.own_topic - scale.other_topic >= kEmbedsFrom;
  return scale;
}

absl::StatusOr<SenseReader::Scale> SenseReader::ScaleOf(std::string_view language,
                                                        const CallContext& context) {
  const std::pair<std::string, std::string> key = {Version(), std::string(language)};
  {
    const MutexLock lock(mutex_);
    if (const auto found = scales_.find(key); found != scales_.end()) return found->second;
  }
  ASSIGN_OR_RETURN(Scale scale, Measure(language, context));
  // The revisions are known now that the models were used.
  const MutexLock lock(mutex_);
  scales_[{Version(), key.second}] = scale;
  return scale;
}

absl::StatusOr<SenseFactor> SenseReader::Topic(const Scale& scale, std::string_view prompt,
                                               std::string_view text, std::string_view language,
                                               const CallContext& context) {
  if (!scale.embeds) return NotJudged("topic", models_.encoder, language);
  const std::array<std::string, 2> texts = {std::string(prompt), std::string(text)};
  ASSIGN_OR_RETURN(std::vector<std::vector<float>> vectors, Embed(texts, context));
  const double similarity = Dot(vectors[0], vectors[1]);
  const double place = (similarity - scale.other_topic) / (scale.own_topic - scale.other_topic);
  return SenseFactor{
      .name = "topic",
      .value = kTopic.At(place),
      .reason = absl::StrFormat("the similarity of prompt and text is %.2f; it is %.2f for another "
                                "topic and %.2f for the same in reference texts",
                                similarity, scale.other_topic, scale.own_topic)};
}

absl::Status SenseReader::Read(const Scale& scale, std::string_view prompt, std::string_view text,
                               std::string_view language, const CallContext& context,
                               std::vector<SenseFactor>* factors) {
  if (!scale.reads) {
    for (const std::string_view name : {"fluency", "coherence"}) {
      factors->push_back(NotJudged(name, models_.language_model, language));
    }
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(Reading reading,
                   ReadText(*generator_, models_.language_model, prompt, text, context));
  const double order = reading.order / scale.reading.order;
  const double after = reading.after_prompt / scale.reading.after_prompt;
  factors->push_back(
      {.name = "fluency",
       .value = kFluency.At(order),
       .reason = absl::StrFormat("the order of words matters %.2f times as much as in plain texts",
                                 order)});
  factors->push_back(
      {.name = "coherence",
       .value = std::pow(kCoherence.At(after), kCoherencePower),
       .reason = absl::StrFormat(
           "after the prompt the text surprises %.2f times as much as plain texts", after)});
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SenseFactor>> SenseReader::Judge(std::string_view prompt,
                                                            std::string_view text,
                                                            std::string_view language,
                                                            const CallContext& context) {
  std::vector<SenseFactor> factors;
  const absl::StatusOr<Scale> scale = ScaleOf(language, context);
  if (!scale.ok()) return Annotate(scale.status(), absl::StrCat("readers ", Version()));
  if (!models_.encoder.empty()) {
    absl::StatusOr<SenseFactor> topic = Topic(*scale, prompt, text, language, context);
    if (!topic.ok()) return Annotate(topic.status(), absl::StrCat("reader ", models_.encoder));
    factors.push_back(*std::move(topic));
  }
  if (!models_.language_model.empty()) {
    const absl::Status status = Read(*scale, prompt, text, language, context, &factors);
    if (!status.ok()) return Annotate(status, absl::StrCat("reader ", models_.language_model));
  }
  return factors;
}

}  // namespace assay::evaluator
