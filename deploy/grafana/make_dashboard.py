"""Generates dashboards/assay.json, the Grafana dashboard of assayd in classic JSON.

Usage: make_dashboard.py [OUTPUT]     (needs grafana-foundation-sdk; `make test` installs it)

tests/integration/telemetry_test.py checks the queries against a live scrape.
"""
import itertools
import json
import pathlib
import sys

from grafana_foundation_sdk.builders import (bargauge, common, dashboard, prometheus, stat,
                                             statetimeline, table, timeseries)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model

OUTPUT = pathlib.Path(__file__).parent / "dashboards/assay.json"
SOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
# Every query is limited to the instances and models selected above the panels.
HERE = 'instance=~"$instance"'
MODEL = 'instance=~"$instance", model=~"$model"'
SAVED = "Price at the hosted API of the economics settings minus the cost here."
QUANTILES = ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"))


def query(expression, legend, instant=False):
    made = prometheus.Dataquery().expr(expression).legend_format(legend).datasource(SOURCE)
    return made.instant() if instant else made.range()


def describe(panel, title, description, targets, width, height=8):
    panel.title(title).description(description).datasource(SOURCE).span(width).height(height)
    for index, target in enumerate(targets):
        panel.with_target(target.ref_id(chr(ord("A") + index)))
    return panel


def lines(title, description, unit, targets, width=8, stacked=False, minimum=0.0):
    panel = timeseries.Panel().unit(unit).fill_opacity(10).line_width(1).show_points(
        common_model.VisibilityMode.NEVER)
    panel.tooltip(common.VizTooltipOptions().mode(common_model.TooltipDisplayMode.MULTI).sort(
        common_model.SortOrder.DESCENDING))
    panel.legend(common.VizLegendOptions().display_mode(common_model.LegendDisplayMode.LIST)
                 .placement(common_model.LegendPlacement.BOTTOM).show_legend(True))
    if minimum is not None:
        panel.min(minimum)
    if stacked:
        panel.stacking(common.StackingConfig().mode(common_model.StackingMode.NORMAL)).fill_opacity(
            40)
    return describe(panel, title, description, targets, width)


def number(title, description, unit, expression, width=4, steps=None, decimals=None):
    panel = stat.Panel().unit(unit).graph_mode(common_model.BigValueGraphMode.AREA)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    panel.color_mode(common_model.BigValueColorMode.VALUE)
    panel.thresholds(thresholds(steps or [(None, "green")]))
    if decimals is not None:
        panel.decimals(decimals)
    return describe(panel, title, description, [query(expression, "")], width, 4)


def thresholds(steps):
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(
        [model.Threshold(value=value, color=color) for value, color in steps])


def quantiles(metric, labels="le, model", legend="{{model}} "):
    """Returns queries for p50, p90, p99 and the mean of a histogram."""
    made = [query(f"histogram_quantile({q}, sum by ({labels}) "
                  f"(rate({metric}_bucket{{{MODEL}}}[$__rate_interval])))", legend + name)
            for q, name in QUANTILES]
    by = labels.replace("le, ", "")
    made.append(query(f"sum by ({by}) (rate({metric}_sum{{{MODEL}}}[$__rate_interval])) / (sum by "
                      f"({by}) (rate({metric}_count{{{MODEL}}}[$__rate_interval])) > 0)",
                      legend + "mean"))
    return made


def overview():
    yield number("Requests", "Finished Generate requests per second.", "reqps",
                 f"sum(rate(assay_requests_total{{{MODEL}}}[$__rate_interval]))", decimals=2)
    yield number("Failures",
                 "Share of requests that failed, including exceeded deadlines; invalid and "
                 "cancelled requests do not count.", "percentunit",
                 f"sum(rate(assay_requests_total{{{MODEL}, status=~\"unknown|deadline_exceeded|"
                 "resource_exhausted|aborted|unimplemented|internal|unavailable|data_loss\"}"
                 "[$__rate_interval]))"
                 f" / (sum(rate(assay_requests_total{{{MODEL}}}[$__rate_interval])) > 0)",
                 steps=[(None, "green"), (0.01, "yellow"), (0.05, "red")])
    yield number("Time to first token, p90", "90th percentile of the time to first token.", "s",
                 "histogram_quantile(0.9, sum by (le) "
                 f"(rate(assay_time_to_first_token_seconds_bucket{{{MODEL}}}[$__rate_interval])))",
                 steps=[(None, "green"), (1, "yellow"), (5, "red")])
    yield number("Tokens per second", "Tokens generated per second by successful requests.",
                 "short", f"sum(rate(assay_generation_tokens_total{{{MODEL}}}[$__rate_interval]))",
                 decimals=1)
    yield number("Resident models", "Models that are ready to serve.", "short",
                 f'sum(assay_model_state{{{MODEL}, state="ready"}})')
    yield number("Saved in 24 hours", SAVED, "currencyUSD",
                 f"sum(increase(assay_request_hosted_cost_dollars_total{{{MODEL}}}[24h])) - "
                 f"sum(increase(assay_request_cost_dollars_total{{{MODEL}}}[24h]))", decimals=4)


def requests():
    yield lines("Requests by model", "Finished Generate requests per second.", "reqps",
                [query(f"sum by (model) (rate(assay_requests_total{{{MODEL}}}[$__rate_interval]))",
                       "{{model}}")], stacked=True)
    yield lines("Requests by status", "Finished requests by gRPC status code.", "reqps",
                [query("sum by (status) "
                       f"(rate(assay_requests_total{{{MODEL}}}[$__rate_interval])) > 0",
                       "{{status}}")], stacked=True)
    yield lines("Requests by content type and route",
                "Finished requests by content type and the route rule that chose the model.",
                "reqps",
                [query("sum by (content_type, route) "
                       f"(rate(assay_requests_total{{{MODEL}}}[$__rate_interval])) > 0",
                       "{{content_type}} · {{route}}")], stacked=True)
    yield lines("Request duration", "From arrival to the last token, including failed requests.",
                "s", quantiles("assay_request_duration_seconds"))
    yield lines("Time to first token",
                "From arrival to the first token: queue, prefill and first decoding step.", "s",
                quantiles("assay_time_to_first_token_seconds"))
    yield lines("Queue time", "Time a request waited for its model, including model loads.", "s",
                quantiles("assay_request_queue_seconds"))
    yield lines("Running and waiting requests", "Requests in the running batch and in the queue.",
                "short",
                [query(f"sum by (model) (assay_requests_running{{{MODEL}}})", "{{model}} running"),
                 query(f"sum by (model) (assay_requests_waiting{{{MODEL}}})", "{{model}} waiting")])
    yield lines("gRPC calls", "Finished gRPC calls by method.", "reqps",
                [query(f"sum by (method) (rate(assay_rpcs_total{{{HERE}}}[$__rate_interval])) > 0",
                       "{{method}}")])
    yield lines("Circuit breakers", "State: 0 closed, 1 half open, 2 open.", "short",
                [query(f"max by (model) (assay_breaker_state{{{MODEL}}})", "{{model}}")])


def tokens():
    yield lines("Token throughput",
                "Generated and prompt tokens per second of successful requests.", "short",
                [query("sum by (model) "
                       f"(rate(assay_generation_tokens_total{{{MODEL}}}[$__rate_interval]))",
                       "{{model}} generated"),
                 query("sum by (model) "
                       f"(rate(assay_prompt_tokens_total{{{MODEL}}}[$__rate_interval]))",
                       "{{model}} prompt")])
    yield lines("Inter-token latency", "Time from one token to the next, over all requests.", "s",
                quantiles("assay_inter_token_latency_seconds"))
    yield lines("Prefill time", "Time to prefill a prompt.", "s",
                quantiles("assay_request_prefill_seconds"))
    yield lines("Time per output token",
                "Mean time per token of each request after the first token.", "s",
                quantiles("assay_time_per_output_token_seconds"))
    yield lines("Prompt length", "Prompt tokens per request.", "short",
                quantiles("assay_request_prompt_tokens"))
    yield lines("Output length", "Generated tokens per request.", "short",
                quantiles("assay_request_generation_tokens"))
    yield lines("Prefix cache", "Share of prompt tokens found in the prefix cache.", "percentunit",
                [query("sum by (model) "
                       f"(rate(assay_prefix_cache_hit_tokens_total{{{MODEL}}}[$__rate_interval]))"
                       " / (sum by (model) (rate(assay_prefix_cache_queried_tokens_total"
                       f"{{{MODEL}}}[$__rate_interval])) > 0)",
                       "{{model}}")])
    yield lines("Speculative decoding",
                "Acceptance rate of draft tokens, and draft tokens per second.", "short",
                [query("sum by (model) "
                       f"(rate(assay_draft_accepted_tokens_total{{{MODEL}}}[$__rate_interval])) / "
                       "(sum by (model) "
                       f"(rate(assay_draft_tokens_total{{{MODEL}}}[$__rate_interval])) > 0)",
                       "{{model}} acceptance rate"),
                 query("sum by (model) "
                       f"(rate(assay_draft_tokens_total{{{MODEL}}}[$__rate_interval]))",
                       "{{model}} draft tokens/s")])
    yield lines("KV cache", "Share used by running requests, and preemptions per second.",
                "percentunit",
                [query(f"max by (model) (assay_kv_cache_usage_ratio{{{MODEL}}})", "{{model}}"),
                 query("sum by (model) "
                       f"(rate(assay_request_preemptions_total{{{MODEL}}}[$__rate_interval]))",
                       "{{model}} preempted/s")])


def residency():
    states = statetimeline.Panel().show_value(common_model.VisibilityMode.NEVER)
    yield describe(states, "Model states", "The state of each model over time.",
                   [query(f"max by (model, state) (assay_model_state{{{MODEL}}}) == 1",
                          "{{model}} {{state}}")], 12)
    yield lines("Memory by model", "Memory counted for weights, KV cache and working buffers.",
                "bytes",
                [query(f"sum by (model, kind) (assay_model_memory_bytes{{{MODEL}}}) > 0",
                       "{{model}} {{kind}}")], 12, stacked=True)
    yield lines("Memory and budget",
                "Memory counted for models, the budget, and the memory of the process.", "bytes",
                [query(f"assay_memory_used_bytes{{{HERE}}}", "counted"),
                 query(f"assay_memory_budget_bytes{{{HERE}}} > 0", "budget"),
                 query(f'process_resident_memory_bytes{{{HERE}, job="assayd"}}', "process"),
                 query(f"assay_process_resident_memory_peak_bytes{{{HERE}}}", "peak"),
                 query(f"assay_device_memory_bytes{{{HERE}}}", "on {{device}}")])
    yield lines("Loads and unloads", "Model loads by result and unloads by cause, per minute.",
                "short",
                [query("sum by (result) "
                       f"(rate(assay_model_loads_total{{{MODEL}}}[$__rate_interval])) * 60",
                       "load {{result}}"),
                 query("sum by (cause) "
                       f"(rate(assay_model_unloads_total{{{MODEL}}}[$__rate_interval])) * 60",
                       "unload {{cause}}")])
    yield lines("Load time", "Duration of successful model loads.", "s",
                quantiles("assay_model_load_duration_seconds"))
    yield lines("Downloads", "Downloads from the Hub.", "Bps",
                [query(f"rate(assay_download_bytes_total{{{HERE}}}[$__rate_interval])", "bytes/s"),
                 query(f"assay_downloads_running{{{HERE}}}", "running"),
                 query("sum by (result) "
                       f"(increase(assay_downloads_total{{{HERE}}}[$__rate_interval]))",
                       "{{result}}")])
    yield lines("Circuit breaker transitions", "Transitions by new state, per minute.", "short",
                [query("sum by (model, to) "
                       f"(rate(assay_breaker_transitions_total{{{MODEL}}}[$__rate_interval])) * "
                       "60 > 0", "{{model}} {{to}}")])
    yield lines("Process", "CPU cores used, threads and open files.", "short",
                [query(f'rate(process_cpu_seconds_total{{{HERE}, job="assayd"}}[$__rate_interval])',
                       "cores"), query(f'process_threads{{{HERE}, job="assayd"}}', "threads"),
                 query(f'process_open_fds{{{HERE}, job="assayd"}}', "open files")])


def evaluation():
    scores = bargauge.Panel().unit("short").min(0).max(10).orientation(
        common_model.VizOrientation.HORIZONTAL)
    scores.display_mode(common_model.BarGaugeDisplayMode.BASIC).decimals(2)
    scores.thresholds(thresholds([(None, "red"), (4, "yellow"), (7, "green")]))
    scores.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    yield describe(scores, "Quality by content type",
                   "Mean score (0 to 10) of the last evaluation.",
                   [query(f"max by (model, content_type) (assay_evaluation_score{{{MODEL}}})",
                          "{{content_type}} · {{model}}", True)], 12)
    yield lines("Quality with interval",
                "Mean score and 95 % confidence interval of the last evaluation.", "short",
                [query(f"max by (model, content_type) (assay_evaluation_score{{{MODEL}}})",
                       "{{content_type}} · {{model}}"),
                 query(f"max by (model, content_type) (assay_evaluation_score_lower{{{MODEL}}})",
                       "{{content_type}} · {{model}} low"),
                 query(f"max by (model, content_type) (assay_evaluation_score_upper{{{MODEL}}})",
                       "{{content_type}} · {{model}} high")], 12)
    yield lines("Samples", "Generations made by evaluations, per minute.", "short",
                [query("sum by (model, outcome) "
                       f"(rate(assay_evaluation_samples_total{{{MODEL}}}[$__rate_interval])) * 60 "
                       "> 0", "{{model}} {{outcome}}")])
    yield lines("Evaluations",
                "Evaluations that are running or waiting, and those finished in the last hour.",
                "short",
                [query(f"assay_evaluations_running{{{HERE}}}", "running"),
                 query(f"sum by (state) (increase(assay_evaluations_total{{{HERE}}}[1h]))",
                       "{{state}}")])
    yield lines("Evaluation time", "Mean duration of successful evaluations.", "s",
                [query(f"sum(rate(assay_evaluation_duration_seconds_sum{{{HERE}}}[1h])) / "
                       f"(sum(rate(assay_evaluation_duration_seconds_count{{{HERE}}}[1h])) > 0)",
                       "mean")])
    yield number("Last success", "Time since the last successful evaluation.", "s",
                 f"time() - (max(assay_evaluation_last_success_timestamp_seconds{{{HERE}}}) > 0)",
                 8)
    yield lines("MLflow outbox", "Runs waiting to be uploaded, and the age of the oldest one.",
                "short",
                [query(f"assay_mlflow_outbox_entries{{{HERE}}}", "waiting"),
                 query(f"assay_mlflow_outbox_age_seconds{{{HERE}}}", "age, s")])
    yield lines("Uploads and spans", "MLflow uploads and trace spans by result, per minute.",
                "short",
                [query("sum by (result) "
                       f"(rate(assay_mlflow_uploads_total{{{HERE}}}[$__rate_interval])) * 60",
                       "run {{result}}"),
                 query("sum by (result) "
                       f"(rate(assay_trace_spans_total{{{HERE}}}[$__rate_interval])) * 60",
                       "span {{result}}")])


def economics():
    yield number("Cost in 24 hours",
                 "Cost by the server's economics settings over the last 24 hours.", "currencyUSD",
                 f"sum(increase(assay_request_cost_dollars_total{{{MODEL}}}[24h]))", 6, decimals=6)
    yield number("Cost per request", "Mean cost of successful requests over the last hour.",
                 "currencyUSD",
                 f"sum(rate(assay_request_cost_dollars_total{{{MODEL}}}[1h]))"
                 f' / (sum(rate(assay_requests_total{{{MODEL}, status="ok"}}[1h])) > 0)', 6,
                 decimals=8)
    yield number("Energy per request", "Configured power times busy time, mean over the last hour.",
                 "joule",
                 f"sum(rate(assay_request_energy_joules_total{{{MODEL}}}[1h]))"
                 f' / (sum(rate(assay_requests_total{{{MODEL}, status="ok"}}[1h])) > 0)', 6)
    yield number("Cost per 1,000 tokens", "Cost per 1,000 generated tokens over the last hour.",
                 "currencyUSD",
                 f"1000 * sum(rate(assay_request_cost_dollars_total{{{MODEL}}}[1h])) / "
                 f"(sum(rate(assay_generation_tokens_total{{{MODEL}}}[1h])) > 0)", 6, decimals=8)
    yield lines("Cost per hour", "Cost per hour by model.", "currencyUSD",
                [query("sum by (model) "
                       f"(rate(assay_request_cost_dollars_total{{{MODEL}}}[$__rate_interval])) * "
                       "3600", "{{model}}")], 8, stacked=True)
    yield lines("Saved per hour", SAVED, "currencyUSD",
                [query("(sum by (model) (rate(assay_request_hosted_cost_dollars_total"
                       f"{{{MODEL}}}[$__rate_interval])) - sum by (model) "
                       f"(rate(assay_request_cost_dollars_total{{{MODEL}}}[$__rate_interval])))"
                       " * 3600",
                       "{{model}}")], 8, stacked=True, minimum=None)
    yield lines("Power",
                "Power of requests by the configured value, and of the machine if it has an "
                "energy meter.", "watt",
                [query("sum by (model) "
                       f"(rate(assay_request_energy_joules_total{{{MODEL}}}[$__rate_interval]))",
                       "{{model}}"),
                 query("sum by (source) "
                       f"(rate(assay_machine_energy_joules_total{{{HERE}}}[$__rate_interval]))",
                       "machine, {{source}}")], 8)
    builds = table.Panel()
    yield describe(builds, "Builds", "Version, libtorch version and device.",
                [query(f"assay_build_info{{{HERE}}}", "", True).format("table")], 24, 5)


def feedback():
    by = "by (model, content_type)"
    legend = "{{model}} {{content_type}}"

    def total(metric, window, labels=""):
        return f"sum {by} (increase(assay_feedback_{metric}_total{{{MODEL}{labels}}}[{window}]))"

    verdicts = total("verdicts", "1d")
    used = total("verdicts", "1d", ', verdict!="rejected"')
    yield lines("Acceptance", "Share of the verdicts of the last day that are not rejections.",
                "percentunit", [query(f"{used} / ({verdicts} > 0)", legend)])
    yield lines("Rating", "Mean of the first ratings of the last day, 0 to 10.", "short",
                [query(f"{total('rating_points', '1d')} / ({total('ratings', '1d')} > 0)",
                       legend)])
    yield lines("Conversions", "First conversions of the last day, and their value.", "short",
                [query(total("conversions", "1d") + " > 0", legend),
                 query(total("conversion_dollars", "1d") + " > 0", legend + ", dollars")])
    yield lines("Verdicts", "First verdicts on answers, per hour.", "short",
                [query("sum by (model, verdict) "
                       f"(rate(assay_feedback_verdicts_total{{{MODEL}}}[$__rate_interval])) * 3600",
                       "{{model}} {{verdict}}")], stacked=True)
    yield lines("A/B arms",
                "Answers of weighted routes by model, per hour. `assay ab` compares the models.",
                "short",
                [query(f"sum {by} (rate(assay_requests_total"
                       f'{{{MODEL}, route="weighted", status="ok"}}[$__rate_interval])) * 3600 > 0',
                       legend)], stacked=True)
    yield lines("Value per answer",
                "Value of the conversions of the last day per answer of a weighted route. Feedback "
                "on answers of other routes to the same model counts too.", "currencyUSD",
                [query(f"{total('conversion_dollars', '1d')} / (sum {by} (increase("
                       f'assay_requests_total{{{MODEL}, route="weighted", status="ok"}}[1d])) > 0)',
                       legend)])
    yield number("Answers without feedback",
                 "Answers that were dropped before they were stored, so that feedback on them is "
                 "not possible.", "short",
                 f"sum(increase(assay_feedback_answers_forgotten_total{{{HERE}}}[1d]))", 24,
                 steps=[(None, "green"), (1, "red")])


ROWS = (("Overview", overview), ("Requests", requests), ("Tokens", tokens),
        ("Residency", residency), ("Evaluation", evaluation), ("Feedback", feedback),
        ("Economics", economics))


def make():
    made = (dashboard.Dashboard("Assay").uid("assay").tags(["assay", "llm"]).refresh("15s").time(
        "now-1h", "now").timezone("browser").tooltip(
            model.DashboardCursorSync.CROSSHAIR).editable().description(
                "Requests, tokens, resident models, evaluations and costs of assayd."))
    made.with_variable(
        dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
    for name, label, of in (("instance", "Server", "assay_build_info"),
                            ("model", "Model", 'assay_model_state{instance=~"$instance"}')):
        made.with_variable(dashboard.QueryVariable(name).label(label).datasource(SOURCE).query(
            f"label_values({of}, {name})").refresh(
                model.VariableRefresh.ON_TIME_RANGE_CHANGED).multi(True).include_all(
                    True).all_value(".*").current(
                        model.VariableOption(text=["All"], value=["$__all"], selected=True)))
    ids = itertools.count(1)
    for title, panels in ROWS:
        made.with_row(dashboard.Row(title).id(next(ids)))
        for panel in panels():
            made.with_panel(panel.id(next(ids)))
    return json.dumps(made.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    (pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT).write_text(make())
