// The daemon's structured log: one line an event, on stderr.
#ifndef ASSAY_SERVER_EVENTS_LOG_H_
#define ASSAY_SERVER_EVENTS_LOG_H_

#include <string_view>
#include <utility>
#include <vector>

#include "nlohmann/json.hpp"
#include "spdlog/spdlog.h"

namespace assay::server {

// Sets spdlog's default logger. level: "debug", "info", "warn", "error". format: "text" (time,
// level, then logfmt) or "json" (an object a line). Call once, before other threads log.
void InitLog(std::string_view level, std::string_view format);

using LogField = std::pair<std::string_view, nlohmann::json>;

// Text: `event key=value key="two words"`. JSON: {"time", "level", "event", key: value, ...}. Never
// pass credentials, nor prompts and generated text unless `log.prompts` asks for them.
// Thread-safe.
void LogEvent(spdlog::level::level_enum level, std::string_view event,
              const std::vector<LogField>& fields);

}  // namespace assay::server

#endif  // ASSAY_SERVER_EVENTS_LOG_H_
