// The daemon's structured log: one line per event, on stderr.
#ifndef ASSAY_SERVER_EVENTS_LOG_H_
#define ASSAY_SERVER_EVENTS_LOG_H_

#include <string_view>
#include <utility>
#include <vector>

#include "nlohmann/json.hpp"
#include "spdlog/spdlog.h"

namespace assay::server {

// Sets spdlog's default logger. `level` is "debug", "info", "warn" or "error". `format` is "text"
// (time, level, then logfmt) or "json" (one object per line). Must be called once, before other
// threads log.
void InitLog(std::string_view level, std::string_view format);

using LogField = std::pair<std::string_view, nlohmann::json>;

// Logs one event. A text line is `event key=value key="two words"`; a JSON line is {"time",
// "level", "event", key: value, ...}. Callers must not pass credentials, and pass prompts and
// generated texts only if `log.prompts` is set. Thread-safe.
void LogEvent(spdlog::level::level_enum level, std::string_view event,
              const std::vector<LogField>& fields);

// Writes out the lines that are still in memory. For a process that is about to end abruptly.
void FlushLog();

}  // namespace assay::server

#endif  // ASSAY_SERVER_EVENTS_LOG_H_
