// The economics of one candidate, figure by figure.
#include "evaluator/economics/economics_report.h"

#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "evaluator/economics/figure_list.h"
#include "evaluator/stats/proportion.h"
#include "evaluator/stats/quantile.h"

namespace assay::evaluator {
namespace {

constexpr double kMinutesPerHour = 60.0;
constexpr double kSecondsPerHour = 3600.0;
constexpr double kPiecesPerLeadRate = 1000.0;

using Inputs = std::map<std::string, double>;

std::string EnergyNote(const std::string& source) {
  if (source == "stated") {
    return "stated watts, not measured; the power above idle while this request runs alone";
  }
  return absl::StrCat("measured (", source,
                      "): includes the idle power and everything else that ran on the machine");
}

void AddEnergy(const EconomicsInputs& in, const CandidateUsage& usage, FigureList& figures) {
  const double requests = usage.requests;
  figures.Add(
      {.name = "busy_seconds_per_request",
       .value = usage.busy_seconds / requests,
       .unit = "s",
       .formula = "busy_seconds / requests",
       .inputs = {{"busy_seconds", usage.busy_seconds}, {"requests", requests}},
       .note = "from the start of the prompt to the last token, without the time in the queue"});
  if (usage.energy_source == "stated") {
    figures.Add({.name = "energy_joules_per_request",
                 .value = in.power_watts * figures["busy_seconds_per_request"],
                 .unit = "J",
                 .formula = "power_watts * busy_seconds_per_request",
                 .inputs = {{"power_watts", in.power_watts},
                            {"busy_seconds_per_request", figures["busy_seconds_per_request"]}},
                 .note = EnergyNote(usage.energy_source)});
    return;
  }
  figures.Add({.name = "energy_joules_per_request",
               .value = usage.joules / requests,
               .unit = "J",
               .formula = "joules / requests",
               .inputs = {{"joules", usage.joules}, {"requests", requests}},
               .note = EnergyNote(usage.energy_source)});
}

void AddCost(const EconomicsInputs& in, FigureList& figures) {
  const double joules = figures["energy_joules_per_request"];
  figures.Add({.name = "electricity_usd_per_request",
               .value = joules / kJoulesPerKwh * in.electricity_usd_per_kwh,
               .unit = "USD",
               .formula = "energy_joules_per_request / 3600000 * electricity_usd_per_kwh",
               .inputs = {{"energy_joules_per_request", joules},
                          {"electricity_usd_per_kwh", in.electricity_usd_per_kwh}}});
  const double electricity = figures["electricity_usd_per_request"];
  if (in.hardware_usd == 0) {
    figures.Add({.name = "cost_usd_per_request",
                 .value = electricity,
                 .unit = "USD",
                 .formula = "electricity_usd_per_request",
                 .inputs = {{"electricity_usd_per_request", electricity}},
                 .note = "electricity alone: hardware_usd is not stated"});
    return;
  }
  figures.Add({.name = "hardware_usd_per_busy_second",
               .value = HardwareUsdPerBusySecond(in),
               .unit = "USD/s",
               .formula = "hardware_usd / (hardware_years * 365 * busy_hours_per_day * 3600)",
               .inputs = {{"hardware_usd", in.hardware_usd},
                          {"hardware_years", in.hardware_years},
                          {"busy_hours_per_day", in.busy_hours_per_day}},
               .note = "assumes that the machine is busy for busy_hours_per_day every day"});
  figures.Add(
      {.name = "busy_hours_per_day_needed",
       .value = figures["busy_seconds_per_request"] * in.requests_per_day / kSecondsPerHour,
       .unit = "h/day",
       .formula = "busy_seconds_per_request * requests_per_day / 3600",
       .inputs = {{"busy_seconds_per_request", figures["busy_seconds_per_request"]},
                  {"requests_per_day", in.requests_per_day}},
       .note = absl::StrCat("the time needed for requests_per_day; if it differs much from "
                            "busy_hours_per_day (",
                            in.busy_hours_per_day, "), hardware_usd_per_request is misleading")});
  const Inputs of_hardware = {
      {"hardware_usd_per_busy_second", figures["hardware_usd_per_busy_second"]},
      {"busy_seconds_per_request", figures["busy_seconds_per_request"]}};
  figures.Add(
      {.name = "hardware_usd_per_request",
       .value = figures["hardware_usd_per_busy_second"] * figures["busy_seconds_per_request"],
       .unit = "USD",
       .formula = "hardware_usd_per_busy_second * busy_seconds_per_request",
       .inputs = of_hardware});
  const double hardware = figures["hardware_usd_per_request"];
  figures.Add({.name = "cost_usd_per_request",
               .value = electricity + hardware,
               .unit = "USD",
               .formula = "electricity_usd_per_request + hardware_usd_per_request",
               .inputs = {{"electricity_usd_per_request", electricity},
                          {"hardware_usd_per_request", hardware}}});
}

void AddHostedPrice(const EconomicsInputs& in, const CandidateUsage& usage, FigureList& figures) {
  const HostedPrice& hosted = in.hosted;
  if (hosted.name.empty()) {
    figures.Add({.name = "hosted_usd_per_request",
                 .value = in.api_usd_per_request,
                 .unit = "USD",
                 .formula = "api_usd_per_request",
                 .inputs = {{"api_usd_per_request", in.api_usd_per_request}},
                 .note = "a stated flat price; no entry of the price table was chosen"});
    return;
  }
  const double prompt = usage.prompt_tokens / usage.requests;
  const double completion = usage.completion_tokens / usage.requests;
  figures.Add({.name = "hosted_usd_per_request",
               .value = HostedUsd(in, prompt, completion),
               .unit = "USD",
               .formula =
                   "usd_per_request + (prompt_tokens_per_request * usd_per_million_input_tokens + "
                   "completion_tokens_per_request * usd_per_million_output_tokens) / 1000000",
               .inputs = {{"usd_per_request", hosted.usd_per_request},
                          {"usd_per_million_input_tokens", hosted.usd_per_million_input_tokens},
                          {"usd_per_million_output_tokens", hosted.usd_per_million_output_tokens},
                          {"prompt_tokens_per_request", prompt},
                          {"completion_tokens_per_request", completion}},
               .note = absl::StrCat(hosted.name, ", list price as of ", hosted.as_of,
                                    "; tokens as counted by this model's tokenizer")});
}

void AddSavings(const EconomicsInputs& in, FigureList& figures) {
  const double hosted = figures["hosted_usd_per_request"];
  const double cost = figures["cost_usd_per_request"];
  figures.Add({.name = "savings_usd_per_request",
               .value = hosted - cost,
               .unit = "USD",
               .formula = "hosted_usd_per_request - cost_usd_per_request",
               .inputs = {{"hosted_usd_per_request", hosted}, {"cost_usd_per_request", cost}},
               .note = "assumes that this model's text serves as well as the hosted one's would"});
  const double savings = figures["savings_usd_per_request"];
  // Not finite, and thus left out, if the hosted price is 0.
  figures.Add(
      {.name = "savings_ratio",
       .value = savings / hosted,
       .unit = "ratio",
       .formula = "savings_usd_per_request / hosted_usd_per_request",
       .inputs = {{"savings_usd_per_request", savings}, {"hosted_usd_per_request", hosted}}});
  figures.Add(
      {.name = "savings_usd_per_day",
       .value = savings * in.requests_per_day,
       .unit = "USD/day",
       .formula = "savings_usd_per_request * requests_per_day",
       .inputs = {{"savings_usd_per_request", savings}, {"requests_per_day", in.requests_per_day}},
       .note = "requests_per_day is stated"});
  figures.Add({.name = "savings_usd_per_year",
               .value = figures["savings_usd_per_day"] * kDaysPerYear,
               .unit = "USD/year",
               .formula = "savings_usd_per_day * 365",
               .inputs = {{"savings_usd_per_day", figures["savings_usd_per_day"]}}});
}

// The hardware is paid once. A request repays the hosted price minus its electricity; its cost is
// not subtracted, because that includes the write-off of the hardware.
void AddBreakEven(const EconomicsInputs& in, FigureList& figures) {
  if (in.hardware_usd == 0) return;
  const double hosted = figures["hosted_usd_per_request"];
  const double electricity = figures["electricity_usd_per_request"];
  Figure requests{
      .name = "break_even_requests",
      .unit = "requests",
      .formula = "ceil(hardware_usd / (hosted_usd_per_request - electricity_usd_per_request))",
      .inputs = {{"hardware_usd", in.hardware_usd},
                 {"hosted_usd_per_request", hosted},
                 {"electricity_usd_per_request", electricity}}};
  if (!(hosted > electricity)) {
    requests.note =
        "never: the electricity of a request costs at least as much as the hosted request";
    figures.Add(std::move(requests));
    return;
  }
  requests.value = std::ceil(in.hardware_usd / (hosted - electricity));
  requests.note = "the number of requests after which the hardware is repaid";
  figures.Add(std::move(requests));
  // Infinite, and thus left out, if there are no requests per day.
  figures.Add({.name = "break_even_days",
               .value = figures["break_even_requests"] / in.requests_per_day,
               .unit = "days",
               .formula = "break_even_requests / requests_per_day",
               .inputs = {{"break_even_requests", figures["break_even_requests"]},
                          {"requests_per_day", in.requests_per_day}}});
}

void AddPieceValue(const EconomicsInputs& in, FigureList& figures) {
  const auto add = [&figures](double value, std::string formula, Inputs inputs, std::string note) {
    figures.Add({.name = "piece_value_usd",
                 .value = value,
                 .unit = "USD",
                 .formula = std::move(formula),
                 .inputs = std::move(inputs),
                 .note = std::move(note)});
  };
  if (in.value_usd_per_piece > 0) {
    add(in.value_usd_per_piece, "value_usd_per_piece",
        {{"value_usd_per_piece", in.value_usd_per_piece}}, "stated");
  } else if (in.human_usd_per_piece > 0) {
    add(in.human_usd_per_piece, "human_usd_per_piece",
        {{"human_usd_per_piece", in.human_usd_per_piece}},
        "stated: an accepted piece is worth the cost of a person writing it");
  } else if (const double human = HumanUsdPerPiece(in); human > 0) {
    add(human, "human_minutes_per_piece / 60 * human_usd_per_hour",
        {{"human_minutes_per_piece", in.human_minutes_per_piece},
         {"human_usd_per_hour", in.human_usd_per_hour}},
        "stated: an accepted piece is worth the cost of a person writing it");
  } else {
    const double hosted = figures["hosted_usd_per_request"];
    add(hosted, "hosted_usd_per_request", {{"hosted_usd_per_request", hosted}},
        "no value was stated: an accepted piece is worth the price of the hosted API");
  }
}

void AddReturn(const EconomicsInputs& in, FigureList& figures) {
  AddPieceValue(in, figures);
  const double value = figures["piece_value_usd"];
  const double cost = figures["cost_usd_per_request"];
  // Not finite, and thus left out, if requests cost nothing.
  figures.Add({.name = "roi_per_piece",
               .value = (value - cost) / cost,
               .unit = "ratio",
               .formula = "(piece_value_usd - cost_usd_per_request) / cost_usd_per_request",
               .inputs = {{"piece_value_usd", value}, {"cost_usd_per_request", cost}},
               .note = "assumes that every piece is accepted"});
}

std::string RateText(int64_t hits, int64_t n) {
  const ProportionInterval interval = WilsonInterval(static_cast<double>(hits), n, kConfidence);
  return absl::StrFormat("95 %% interval %.3g to %.3g", interval.low, interval.high);
}

// Adds the acceptance rate: that of people if there is enough feedback, else that of the score.
void AddAcceptanceRate(const EconomicsInputs& in, const CandidateUsage& usage,
                       FigureList& figures) {
  const ObservedOutcomes& observed = usage.observed;
  if (observed.verdicts >= kMinObservedVerdicts) {
    const auto used = static_cast<double>(observed.used);
    const auto verdicts = static_cast<double>(observed.verdicts);
    figures.Add({.name = "acceptance_rate",
                 .value = used / verdicts,
                 .unit = "ratio",
                 .formula = "observed_used / observed_verdicts",
                 .inputs = {{"observed_used", used}, {"observed_verdicts", verdicts}},
                 .note = absl::StrCat("from ", observed.verdicts, " verdicts in use, ",
                                      RateText(observed.used, observed.verdicts)),
                 .basis = kObserved});
    return;
  }
  figures.Add({.name = "acceptance_rate",
               .value = static_cast<double>(usage.accepted) / usage.scored,
               .unit = "ratio",
               .formula = "accepted_pieces / scored_pieces",
               .inputs = {{"accepted_pieces", usage.accepted}, {"scored_pieces", usage.scored}},
               .note = absl::StrCat(
                   "accepted: a quality score of at least ", in.acceptance_threshold,
                   "; assumes that the score agrees with a human reviewer (", observed.verdicts,
                   " verdicts in use; ", kMinObservedVerdicts, " are needed)"),
               .basis = kAssumed});
}

void AddAcceptance(const EconomicsInputs& in, const CandidateUsage& usage, FigureList& figures) {
  if (usage.scored == 0 && usage.observed.verdicts < kMinObservedVerdicts) return;
  AddAcceptanceRate(in, usage, figures);
  const double cost = figures["cost_usd_per_request"];
  const double acceptance = figures["acceptance_rate"];
  const double value = figures["piece_value_usd"];
  Figure piece{.name = "cost_usd_per_accepted_piece",
               .unit = "USD",
               .formula =
                   "(cost_usd_per_request + review_minutes_per_piece / 60 * human_usd_per_hour) / "
                   "acceptance_rate",
               .inputs = {{"cost_usd_per_request", cost},
                          {"review_minutes_per_piece", in.review_minutes_per_piece},
                          {"human_usd_per_hour", in.human_usd_per_hour},
                          {"acceptance_rate", acceptance}}};
  if (acceptance == 0) {
    piece.note = "none: no piece was accepted";
    figures.Add(std::move(piece));
    return;
  }
  const double review = in.review_minutes_per_piece / kMinutesPerHour * in.human_usd_per_hour;
  piece.value = (cost + review) / acceptance;
  piece.note = "includes the cost of rejected pieces";
  // Feedback does not measure the time of a review.
  if (in.review_minutes_per_piece > 0) piece.basis = kAssumed;
  figures.Add(std::move(piece));
  const double piece_cost = figures["cost_usd_per_accepted_piece"];
  // Not finite, and thus left out, if pieces cost nothing.
  figures.Add(
      {.name = "roi_per_accepted_piece",
       .value = (value - piece_cost) / piece_cost,
       .unit = "ratio",
       .formula = "(piece_value_usd - cost_usd_per_accepted_piece) / "
                  "cost_usd_per_accepted_piece",
       .inputs = {{"piece_value_usd", value}, {"cost_usd_per_accepted_piece", piece_cost}}});
}

// Adds the value of what an accepted piece leads to: that of observed conversions if there are
// enough, else that of stated leads.
void AddLeadValue(const EconomicsInputs& in, const ObservedOutcomes& observed,
                  FigureList& figures) {
  if (observed.conversions >= kMinObservedConversions) {
    const auto used = static_cast<double>(observed.used);
    figures.Add(
        {.name = "lead_value_usd_per_accepted_piece",
         .value = observed.conversion_usd / used,
         .unit = "USD",
         .formula = "observed_conversion_usd / observed_used",
         .inputs = {{"observed_conversion_usd", observed.conversion_usd}, {"observed_used", used}},
         .note = absl::StrCat(
             "from ", observed.conversions, " conversions of ", observed.used,
             " used answers; conversion rate: ", RateText(observed.conversions, observed.used)),
         .basis = kObserved});
    return;
  }
  if (in.leads_per_1000_pieces == 0 || in.usd_per_lead == 0) return;
  figures.Add({.name = "lead_value_usd_per_accepted_piece",
               .value = in.leads_per_1000_pieces / kPiecesPerLeadRate * in.usd_per_lead,
               .unit = "USD",
               .formula = "leads_per_1000_pieces / 1000 * usd_per_lead",
               .inputs = {{"leads_per_1000_pieces", in.leads_per_1000_pieces},
                          {"usd_per_lead", in.usd_per_lead}},
               .note = absl::StrCat("an assumed conversion rate, stated by the user; leads are not "
                                    "measured (",
                                    observed.conversions, " conversions in use; ",
                                    kMinObservedConversions, " are needed)"),
               .basis = kAssumed});
}

void AddLeads(const EconomicsInputs& in, const CandidateUsage& usage, FigureList& figures) {
  AddLeadValue(in, usage.observed, figures);
  const double lead = figures["lead_value_usd_per_accepted_piece"];
  figures.Add({.name = "lead_value_usd_per_year",
               .value = lead * figures["acceptance_rate"] * in.requests_per_day * kDaysPerYear,
               .unit = "USD/year",
               .formula = "lead_value_usd_per_accepted_piece * acceptance_rate * "
                          "requests_per_day * 365",
               .inputs = {{"lead_value_usd_per_accepted_piece", lead},
                          {"acceptance_rate", figures["acceptance_rate"]},
                          {"requests_per_day", in.requests_per_day}},
               .note = "assumes that every accepted piece is published"});
}

}  // namespace

CandidateUsage SumUsage(const EconomicsInputs& inputs, const std::vector<const Sample*>& samples) {
  CandidateUsage usage;
  for (const Sample* sample : samples) {
    if (!sample->error.empty()) continue;
    const Generation& generation = sample->generation;
    const absl::Duration busy = absl::Milliseconds(generation.total_ms - generation.queue_ms);
    const Energy energy =
        sample->energy.source.empty() ? StatedEnergy(inputs, busy) : sample->energy;
    usage.candidate = sample->model;
    usage.energy_source =
        usage.requests == 0 || usage.energy_source == energy.source ? energy.source : "mixed";
    ++usage.requests;
    usage.busy_seconds += absl::ToDoubleSeconds(busy);
    usage.joules += energy.joules;
    usage.prompt_tokens += generation.prompt_tokens;
    usage.completion_tokens += generation.completion_tokens;
    if (!sample->quality_score) continue;
    ++usage.scored;
    if (*sample->quality_score >= inputs.acceptance_threshold) ++usage.accepted;
  }
  return usage;
}

std::vector<Figure> EconomicsReport(const EconomicsInputs& inputs, const CandidateUsage& usage) {
  if (usage.requests == 0) return {};
  FigureList figures;
  AddEnergy(inputs, usage, figures);
  AddCost(inputs, figures);
  AddHostedPrice(inputs, usage, figures);
  AddSavings(inputs, figures);
  AddBreakEven(inputs, figures);
  AddReturn(inputs, figures);
  AddAcceptance(inputs, usage, figures);
  AddLeads(inputs, usage, figures);
  return figures.Take();
}

}  // namespace assay::evaluator
