// Figures with their formulas.
#include "evaluator/economics/economics_report.h"

#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "evaluator/economics/figure_list.h"

namespace assay::evaluator {
namespace {

constexpr double kMinutesPerHour = 60.0;
constexpr double kSecondsPerHour = 3600.0;
constexpr double kPiecesPerLeadRate = 1000.0;

using Inputs = std::map<std::string, double>;

std::string EnergyNote(const std::string& source) {
  if (source == "stated") {
    return "stated watts, not measured; power above idle while this request runs alone";
  }
  return absl::StrCat("measured (", source,
                      "): all that ran on the machine meanwhile, its idle power too");
}

void AddEnergy(const EconomicsInputs& in, const CandidateUse& use, FigureList& figures) {
  const double requests = use.requests;
  figures.Add({.name = "busy_seconds_per_request",
               .value = use.busy_seconds / requests,
               .unit = "s",
               .formula = "busy_seconds / requests",
               .inputs = {{"busy_seconds", use.busy_seconds}, {"requests", requests}},
               .note = "from the start of the prompt to the last token; queueing is not counted"});
  if (use.energy_source == "stated") {
    figures.Add({.name = "energy_joules_per_request",
                 .value = in.power_watts * figures["busy_seconds_per_request"],
                 .unit = "J",
                 .formula = "power_watts * busy_seconds_per_request",
                 .inputs = {{"power_watts", in.power_watts},
                            {"busy_seconds_per_request", figures["busy_seconds_per_request"]}},
                 .note = EnergyNote(use.energy_source)});
    return;
  }
  figures.Add({.name = "energy_joules_per_request",
               .value = use.joules / requests,
               .unit = "J",
               .formula = "joules / requests",
               .inputs = {{"joules", use.joules}, {"requests", requests}},
               .note = EnergyNote(use.energy_source)});
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
               .note = "assumes that the machine is busy for so long every day"});
  figures.Add({.name = "busy_hours_per_day_needed",
               .value = figures["busy_seconds_per_request"] * in.requests_per_day / kSecondsPerHour,
               .unit = "h/day",
               .formula = "busy_seconds_per_request * requests_per_day / 3600",
               .inputs = {{"busy_seconds_per_request", figures["busy_seconds_per_request"]},
                          {"requests_per_day", in.requests_per_day}},
               .note = absl::StrCat("what these requests take; far from busy_hours_per_day (",
                                    in.busy_hours_per_day,
                                    "), the hardware's share of a request is not what it says")});
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

void AddHostedPrice(const EconomicsInputs& in, const CandidateUse& use, FigureList& figures) {
  const HostedPrice& hosted = in.hosted;
  if (hosted.name.empty()) {
    figures.Add({.name = "hosted_usd_per_request",
                 .value = in.api_usd_per_request,
                 .unit = "USD",
                 .formula = "api_usd_per_request",
                 .inputs = {{"api_usd_per_request", in.api_usd_per_request}},
                 .note = "a flat price, stated; no entry of the price table was named"});
    return;
  }
  const double prompt = use.prompt_tokens / use.requests;
  const double completion = use.completion_tokens / use.requests;
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
                                    "; tokens as this model's tokenizer counts them")});
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
  // Not defined for a price of 0: left out.
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

// Hardware is paid once: what repays it is the price less the electricity, not the cost that has
// the hardware's write-off in it.
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
    requests.note = "never: a request's electricity costs as much as the hosted request, or more";
    figures.Add(std::move(requests));
    return;
  }
  requests.value = std::ceil(in.hardware_usd / (hosted - electricity));
  requests.note = "requests after which the hardware is repaid";
  figures.Add(std::move(requests));
  // Without requests a day there is no such day: left out.
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
        "stated: an accepted piece is worth what a person would have been paid for it");
  } else if (const double human = HumanUsdPerPiece(in); human > 0) {
    add(human, "human_minutes_per_piece / 60 * human_usd_per_hour",
        {{"human_minutes_per_piece", in.human_minutes_per_piece},
         {"human_usd_per_hour", in.human_usd_per_hour}},
        "stated: an accepted piece is worth what a person would have been paid for it");
  } else {
    const double hosted = figures["hosted_usd_per_request"];
    add(hosted, "hosted_usd_per_request", {{"hosted_usd_per_request", hosted}},
        "no value was stated: an accepted piece is worth what the hosted API would have charged");
  }
}

void AddReturn(const EconomicsInputs& in, FigureList& figures) {
  AddPieceValue(in, figures);
  const double value = figures["piece_value_usd"];
  const double cost = figures["cost_usd_per_request"];
  // Not defined for requests that cost nothing: left out.
  figures.Add({.name = "roi_per_piece",
               .value = (value - cost) / cost,
               .unit = "ratio",
               .formula = "(piece_value_usd - cost_usd_per_request) / cost_usd_per_request",
               .inputs = {{"piece_value_usd", value}, {"cost_usd_per_request", cost}},
               .note = "as if every piece were accepted"});
}

void AddAcceptance(const EconomicsInputs& in, const CandidateUse& use, FigureList& figures) {
  if (use.scored == 0) return;
  figures.Add(
      {.name = "acceptance_rate",
       .value = static_cast<double>(use.accepted) / use.scored,
       .unit = "ratio",
       .formula = "accepted_pieces / scored_pieces",
       .inputs = {{"accepted_pieces", use.accepted}, {"scored_pieces", use.scored}},
       .note = absl::StrCat("accepted: a quality score of at least ", in.acceptance_threshold,
                            "; assumes that the score decides as its reader would")});
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
  if (use.accepted == 0) {
    piece.note = "none: no piece was accepted";
    figures.Add(std::move(piece));
    return;
  }
  const double review = in.review_minutes_per_piece / kMinutesPerHour * in.human_usd_per_hour;
  piece.value = (cost + review) / acceptance;
  piece.note = "rejected pieces are paid for too";
  figures.Add(std::move(piece));
  const double piece_cost = figures["cost_usd_per_accepted_piece"];
  // Not defined for pieces that cost nothing: left out.
  figures.Add(
      {.name = "roi_per_accepted_piece",
       .value = (value - piece_cost) / piece_cost,
       .unit = "ratio",
       .formula = "(piece_value_usd - cost_usd_per_accepted_piece) / "
                  "cost_usd_per_accepted_piece",
       .inputs = {{"piece_value_usd", value}, {"cost_usd_per_accepted_piece", piece_cost}}});
}

void AddLeads(const EconomicsInputs& in, FigureList& figures) {
  if (in.leads_per_1000_pieces == 0 || in.usd_per_lead == 0) return;
  figures.Add({.name = "lead_value_usd_per_accepted_piece",
               .value = in.leads_per_1000_pieces / kPiecesPerLeadRate * in.usd_per_lead,
               .unit = "USD",
               .formula = "leads_per_1000_pieces / 1000 * usd_per_lead",
               .inputs = {{"leads_per_1000_pieces", in.leads_per_1000_pieces},
                          {"usd_per_lead", in.usd_per_lead}},
               .note = "assumed conversion, stated by the user; nothing here measures leads"});
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

CandidateUse UseOf(const EconomicsInputs& inputs, const std::vector<const Sample*>& samples) {
  CandidateUse use;
  for (const Sample* sample : samples) {
    if (!sample->error.empty()) continue;
    const Generation& generation = sample->generation;
    const absl::Duration busy = absl::Milliseconds(generation.total_ms - generation.queue_ms);
    const Energy energy =
        sample->energy.source.empty() ? StatedEnergy(inputs, busy) : sample->energy;
    use.candidate = sample->model;
    use.energy_source =
        use.requests == 0 || use.energy_source == energy.source ? energy.source : "mixed";
    ++use.requests;
    use.busy_seconds += absl::ToDoubleSeconds(busy);
    use.joules += energy.joules;
    use.prompt_tokens += generation.prompt_tokens;
    use.completion_tokens += generation.completion_tokens;
    if (!sample->quality_score) continue;
    ++use.scored;
    if (*sample->quality_score >= inputs.acceptance_threshold) ++use.accepted;
  }
  return use;
}

std::vector<Figure> EconomicsReport(const EconomicsInputs& inputs, const CandidateUse& use) {
  if (use.requests == 0) return {};
  FigureList figures;
  AddEnergy(inputs, use, figures);
  AddCost(inputs, figures);
  AddHostedPrice(inputs, use, figures);
  AddSavings(inputs, figures);
  AddBreakEven(inputs, figures);
  AddReturn(inputs, figures);
  AddAcceptance(inputs, use, figures);
  AddLeads(inputs, figures);
  return figures.Take();
}

}  // namespace assay::evaluator
