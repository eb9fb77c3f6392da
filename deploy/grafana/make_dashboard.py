"""Makes dashboards/assay.json, Grafana's dashboard of assayd (classic JSON, for provisioning).

Usage: make_dashboard.py [OUTPUT]     (needs grafana-foundation-sdk; `make test` installs it)

The queries are checked against a live scrape by tests/integration/telemetry_test.py.
"""
import itertools
import json
import pathlib
import sys

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model

OUTPUT = pathlib.Path(__file__).parent / "dashboards/assay.json"
SOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
# Every query looks at the instances and models that are chosen above the panels.
HERE = 'instance=~"$instance"'
MODEL = 'instance=~"$instance", model=~"$model"'
SAVED = "What the hosted API of the economics settings would have charged, less what the requests cost here."
QUANTILES = ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"))


def query(expression, legend, instant=False):
    made = prometheus.Dataquery().expr(expression).legend_format(legend).datasource(SOURCE)
    return made.instant() if instant else made.range()


def named(panel, title, description, targets, width, height=8):
    panel.title(title).description(description).datasource(SOURCE).span(width).height(height)
    for index, target in enumerate(targets):
        panel.with_target(target.ref_id(chr(ord("A") + index)))
    return panel


def lines(title, description, unit, targets, width=8, stacked=False, least=0.0):
    panel = timeseries.Panel().unit(unit).fill_opacity(10).line_width(1).show_points(common_model.VisibilityMode.NEVER)
    panel.tooltip(common.VizTooltipOptions().mode(common_model.TooltipDisplayMode.MULTI).sort(common_model.SortOrder.DESCENDING))
    panel.legend(common.VizLegendOptions().display_mode(common_model.LegendDisplayMode.LIST)
                 .placement(common_model.LegendPlacement.BOTTOM).show_legend(True))
    if least is not None:
        panel.min(least)
    if stacked:
        panel.stacking(common.StackingConfig().mode(common_model.StackingMode.NORMAL)).fill_opacity(40)
    return named(panel, title, description, targets, width)


def number(title, description, unit, expression, width=4, steps=None, decimals=None):
    panel = stat.Panel().unit(unit).graph_mode(common_model.BigValueGraphMode.AREA)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    panel.color_mode(common_model.BigValueColorMode.VALUE)
    panel.thresholds(thresholds(steps or [(None, "green")]))
    if decimals is not None:
        panel.decimals(decimals)
    return named(panel, title, description, [query(expression, "")], width, 4)


def thresholds(steps):
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(
        [model.Threshold(value=value, color=color) for value, color in steps])


def quantiles(metric, labels="le, model", legend="{{model}} "):
    """p50, p90, p99 and the mean of a histogram."""
    made = [query(f"histogram_quantile({q}, sum by ({labels}) (rate({metric}_bucket{{{MODEL}}}[$__rate_interval])))",
                  legend + name) for q, name in QUANTILES]
    by = labels.replace("le, ", "")
    made.append(query(f"sum by ({by}) (rate({metric}_sum{{{MODEL}}}[$__rate_interval]))"
                      f" / (sum by ({by}) (rate({metric}_count{{{MODEL}}}[$__rate_interval])) > 0)", legend + "mean"))
    return made


def overview():
    yield number("Requests", "Finished Generate requests a second.", "reqps",
                 f"sum(rate(assay_requests_total{{{MODEL}}}[$__rate_interval]))", decimals=2)
    yield number("Failures", "Share of the requests that failed; mistakes in requests and cancellations do not count, deadlines that passed do.", "percentunit",
                 f"sum(rate(assay_requests_total{{{MODEL}, status=~\"unknown|deadline_exceeded|resource_exhausted|aborted|"
                 "unimplemented|internal|unavailable|data_loss\"}[$__rate_interval]))"
                 f" / (sum(rate(assay_requests_total{{{MODEL}}}[$__rate_interval])) > 0)",
                 steps=[(None, "green"), (0.01, "yellow"), (0.05, "red")])
    yield number("First token, p90", "90th percentile of the time to the first token.", "s",
                 f"histogram_quantile(0.9, sum by (le) (rate(assay_time_to_first_token_seconds_bucket{{{MODEL}}}[$__rate_interval])))",
                 steps=[(None, "green"), (1, "yellow"), (5, "red")])
    yield number("Tokens", "Tokens generated a second by successful requests.", "short",
                 f"sum(rate(assay_generation_tokens_total{{{MODEL}}}[$__rate_interval]))", decimals=1)
    yield number("Resident models", "Models that serve now.", "short",
                 f'sum(assay_model_state{{{MODEL}, state="ready"}})')
    yield number("Saved in 24 hours", SAVED, "currencyUSD", f"sum(increase(assay_request_hosted_cost_dollars_total{{{MODEL}}}[24h]))"
                 f" - sum(increase(assay_request_cost_dollars_total{{{MODEL}}}[24h]))", decimals=4)


def requests():
    yield lines("Requests by model", "Finished Generate requests a second.", "reqps",
                [query(f"sum by (model) (rate(assay_requests_total{{{MODEL}}}[$__rate_interval]))", "{{model}}")], stacked=True)
    yield lines("Requests by status", "By gRPC status.", "reqps",
                [query(f"sum by (status) (rate(assay_requests_total{{{MODEL}}}[$__rate_interval])) > 0", "{{status}}")], stacked=True)
    yield lines("Requests by content type and rule", "Which content types come, and which rule of the routes answered them.", "reqps",
                [query(f"sum by (content_type, route) (rate(assay_requests_total{{{MODEL}}}[$__rate_interval])) > 0",
                       "{{content_type}} · {{route}}")], stacked=True)
    yield lines("Request duration", "From arrival to the last token, failures included.", "s",
                quantiles("assay_request_duration_seconds"))
    yield lines("Time to first token", "From arrival: queue, prefill and the first choice.", "s",
                quantiles("assay_time_to_first_token_seconds"))
    yield lines("Queue", "Time a request waited for its model, loads included.", "s", quantiles("assay_request_queue_seconds"))
    yield lines("Running and waiting", "Requests now.", "short",
                [query(f"sum by (model) (assay_requests_running{{{MODEL}}})", "{{model}} running"),
                 query(f"sum by (model) (assay_requests_waiting{{{MODEL}}})", "{{model}} waiting")])
    yield lines("Other calls", "Every gRPC call by method.", "reqps",
                [query(f"sum by (method) (rate(assay_rpcs_total{{{HERE}}}[$__rate_interval])) > 0", "{{method}}")])
    yield lines("Breakers", "0 closed, 1 half open, 2 open.", "short",
                [query(f"max by (model) (assay_breaker_state{{{MODEL}}})", "{{model}}")])


def tokens():
    yield lines("Tokens a second", "Generated, and read as prompts, by successful requests.", "short",
                [query(f"sum by (model) (rate(assay_generation_tokens_total{{{MODEL}}}[$__rate_interval]))", "{{model}} generated"),
                 query(f"sum by (model) (rate(assay_prompt_tokens_total{{{MODEL}}}[$__rate_interval]))", "{{model}} prompt")])
    yield lines("Time between tokens", "Every token of every request.", "s", quantiles("assay_inter_token_latency_seconds"))
    yield lines("Prefill", "Time to read a prompt.", "s", quantiles("assay_request_prefill_seconds"))
    yield lines("Mean time a token, by request", "The mean over each request's tokens.", "s",
                quantiles("assay_time_per_output_token_seconds"))
    yield lines("Prompt length", "Tokens of a request's prompt.", "short", quantiles("assay_request_prompt_tokens"))
    yield lines("Text length", "Tokens that a request generated.", "short", quantiles("assay_request_generation_tokens"))
    yield lines("Prefix cache", "Share of the prompt tokens that were read before.", "percentunit",
                [query(f"sum by (model) (rate(assay_prefix_cache_hit_tokens_total{{{MODEL}}}[$__rate_interval]))"
                       f" / (sum by (model) (rate(assay_prefix_cache_queried_tokens_total{{{MODEL}}}[$__rate_interval])) > 0)", "{{model}}")])
    yield lines("Guesses", "Share of the tokens guessed ahead that were right, and how many were guessed a second.", "short",
                [query(f"sum by (model) (rate(assay_draft_accepted_tokens_total{{{MODEL}}}[$__rate_interval]))"
                       f" / (sum by (model) (rate(assay_draft_tokens_total{{{MODEL}}}[$__rate_interval])) > 0)", "{{model}} right"),
                 query(f"sum by (model) (rate(assay_draft_tokens_total{{{MODEL}}}[$__rate_interval]))", "{{model}} guessed/s")])
    yield lines("Cache of keys and values", "Share in use by running requests, and requests that gave their place to others.", "percentunit",
                [query(f"max by (model) (assay_kv_cache_usage_ratio{{{MODEL}}})", "{{model}}"),
                 query(f"sum by (model) (rate(assay_request_preemptions_total{{{MODEL}}}[$__rate_interval]))", "{{model}} preempted/s")])


def residency():
    states = statetimeline.Panel().show_value(common_model.VisibilityMode.NEVER)
    yield named(states, "States", "1 while a model is in the state.",
                [query(f"max by (model, state) (assay_model_state{{{MODEL}}}) == 1", "{{model}} {{state}}")], 12)
    yield lines("Memory by model", "Weights, keys and values, buffers, as counted.", "bytes",
                [query(f"sum by (model, kind) (assay_model_memory_bytes{{{MODEL}}}) > 0", "{{model}} {{kind}}")], 12, stacked=True)
    yield lines("Memory and its budget", "Counted for models, allowed, and what the process has.", "bytes",
                [query(f"assay_memory_used_bytes{{{HERE}}}", "counted"),
                 query(f"assay_memory_budget_bytes{{{HERE}}} > 0", "budget"),
                 query(f'process_resident_memory_bytes{{{HERE}, job="assayd"}}', "process"),
                 query(f"assay_process_resident_memory_peak_bytes{{{HERE}}}", "peak"),
                 query(f"assay_device_memory_bytes{{{HERE}}}", "on {{device}}")])
    yield lines("Loads and unloads", "A minute; by cause.", "short",
                [query(f"sum by (result) (rate(assay_model_loads_total{{{MODEL}}}[$__rate_interval])) * 60", "load {{result}}"),
                 query(f"sum by (cause) (rate(assay_model_unloads_total{{{MODEL}}}[$__rate_interval])) * 60", "unload {{cause}}")])
    yield lines("Load time", "Of successful loads.", "s", quantiles("assay_model_load_duration_seconds"))
    yield lines("Downloads", "From the Hub.", "Bps",
                [query(f"rate(assay_download_bytes_total{{{HERE}}}[$__rate_interval])", "bytes/s"),
                 query(f"assay_downloads_running{{{HERE}}}", "running"),
                 query(f"sum by (result) (increase(assay_downloads_total{{{HERE}}}[$__rate_interval]))", "{{result}}")])
    yield lines("Breaker changes", "By the state it went to, a minute.", "short",
                [query(f"sum by (model, to) (rate(assay_breaker_transitions_total{{{MODEL}}}[$__rate_interval])) * 60 > 0",
                       "{{model}} {{to}}")])
    yield lines("Process", "Processor time, threads and files.", "short",
                [query(f'rate(process_cpu_seconds_total{{{HERE}, job="assayd"}}[$__rate_interval])', "cores"),
                 query(f'process_threads{{{HERE}, job="assayd"}}', "threads"),
                 query(f'process_open_fds{{{HERE}, job="assayd"}}', "open files")])


def evaluation():
    scores = bargauge.Panel().unit("short").min(0).max(10).orientation(common_model.VizOrientation.HORIZONTAL)
    scores.display_mode(common_model.BarGaugeDisplayMode.BASIC).decimals(2)
    scores.thresholds(thresholds([(None, "red"), (4, "yellow"), (7, "green")]))
    scores.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    yield named(scores, "Quality by content type", "Mean score (0 to 10) of the last evaluation.",
                [query(f"max by (model, content_type) (assay_evaluation_score{{{MODEL}}})", "{{content_type}} · {{model}}", True)], 12)
    yield lines("Quality and its interval", "Mean and 95 % interval of the last evaluation.", "short",
                [query(f"max by (model, content_type) (assay_evaluation_score{{{MODEL}}})", "{{content_type}} · {{model}}"),
                 query(f"max by (model, content_type) (assay_evaluation_score_lower{{{MODEL}}})", "{{content_type}} · {{model}} low"),
                 query(f"max by (model, content_type) (assay_evaluation_score_upper{{{MODEL}}})", "{{content_type}} · {{model}} high")], 12)
    yield lines("Samples", "Generations made by evaluations, a minute.", "short",
                [query(f"sum by (model, outcome) (rate(assay_evaluation_samples_total{{{MODEL}}}[$__rate_interval])) * 60 > 0",
                       "{{model}} {{outcome}}")])
    yield lines("Evaluations", "Running or waiting now, and finished in the last hour.", "short",
                [query(f"assay_evaluations_running{{{HERE}}}", "running"),
                 query(f"sum by (state) (increase(assay_evaluations_total{{{HERE}}}[1h]))", "{{state}}")])
    yield lines("Evaluation time", "Of those that succeeded.", "s",
                [query(f"sum(rate(assay_evaluation_duration_seconds_sum{{{HERE}}}[1h]))"
                       f" / (sum(rate(assay_evaluation_duration_seconds_count{{{HERE}}}[1h])) > 0)", "mean")])
    yield number("Last success", "How long ago an evaluation succeeded.", "s",
                 f"time() - (max(assay_evaluation_last_success_timestamp_seconds{{{HERE}}}) > 0)", 8)
    yield lines("Runs for MLflow", "Waiting, and how long the oldest one has waited.", "short",
                [query(f"assay_mlflow_outbox_entries{{{HERE}}}", "waiting"),
                 query(f"assay_mlflow_outbox_age_seconds{{{HERE}}}", "age, s")])
    yield lines("Deliveries", "Uploads to MLflow and spans of traces, by result, a minute.", "short",
                [query(f"sum by (result) (rate(assay_mlflow_uploads_total{{{HERE}}}[$__rate_interval])) * 60", "run {{result}}"),
                 query(f"sum by (result) (rate(assay_trace_spans_total{{{HERE}}}[$__rate_interval])) * 60", "span {{result}}")])


def economics():
    yield number("Cost in 24 hours", "By the server's economics settings, over the last 24 hours.", "currencyUSD",
                 f"sum(increase(assay_request_cost_dollars_total{{{MODEL}}}[24h]))", 6, decimals=6)
    yield number("Cost a request", "Mean of the successful requests, over the last hour.", "currencyUSD",
                 f"sum(rate(assay_request_cost_dollars_total{{{MODEL}}}[1h]))"
                 f' / (sum(rate(assay_requests_total{{{MODEL}, status="ok"}}[1h])) > 0)', 6, decimals=8)
    yield number("Energy a request", "Stated power times busy time, mean over the last hour.", "joule",
                 f"sum(rate(assay_request_energy_joules_total{{{MODEL}}}[1h]))"
                 f' / (sum(rate(assay_requests_total{{{MODEL}, status="ok"}}[1h])) > 0)', 6)
    yield number("Cost of 1,000 tokens", "Generated ones, over the last hour.", "currencyUSD",
                 f"1000 * sum(rate(assay_request_cost_dollars_total{{{MODEL}}}[1h]))"
                 f" / (sum(rate(assay_generation_tokens_total{{{MODEL}}}[1h])) > 0)", 6, decimals=8)
    yield lines("Cost an hour", "By model.", "currencyUSD",
                [query(f"sum by (model) (rate(assay_request_cost_dollars_total{{{MODEL}}}[$__rate_interval])) * 3600", "{{model}}")], 8,
                stacked=True)
    yield lines("Saved an hour", SAVED, "currencyUSD",
                [query(f"(sum by (model) (rate(assay_request_hosted_cost_dollars_total{{{MODEL}}}[$__rate_interval]))"
                       f" - sum by (model) (rate(assay_request_cost_dollars_total{{{MODEL}}}[$__rate_interval]))) * 3600", "{{model}}")], 8,
                stacked=True, least=None)
    yield lines("Power", "Of requests as stated, and of the machine where it has a meter.", "watt",
                [query(f"sum by (model) (rate(assay_request_energy_joules_total{{{MODEL}}}[$__rate_interval]))", "{{model}}"),
                 query(f"sum by (source) (rate(assay_machine_energy_joules_total{{{HERE}}}[$__rate_interval]))", "machine, {{source}}")], 8)
    builds = table.Panel()
    yield named(builds, "What runs", "Version, libtorch and device.",
                [query(f"assay_build_info{{{HERE}}}", "", True).format("table")], 24, 5)


ROWS = (("Overview", overview), ("Requests", requests), ("Tokens", tokens), ("Residency", residency),
        ("Evaluation", evaluation), ("Economics", economics))


def make():
    made = (dashboard.Dashboard("Assay").uid("assay").tags(["assay", "llm"]).refresh("15s").time("now-1h", "now")
            .timezone("browser").tooltip(model.DashboardCursorSync.CROSSHAIR).editable()
            .description("Requests, tokens, models in memory, evaluations and costs of assayd."))
    made.with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
    for name, label, of in (("instance", "Server", "assay_build_info"),
                            ("model", "Model", 'assay_model_state{instance=~"$instance"}')):
        made.with_variable(dashboard.QueryVariable(name).label(label).datasource(SOURCE).query(f"label_values({of}, {name})")
                           .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED).multi(True).include_all(True).all_value(".*")
                           .current(model.VariableOption(text=["All"], value=["$__all"], selected=True)))
    ids = itertools.count(1)
    for title, panels in ROWS:
        made.with_row(dashboard.Row(title).id(next(ids)))
        for panel in panels():
            made.with_panel(panel.id(next(ids)))
    return json.dumps(made.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    (pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT).write_text(make())
