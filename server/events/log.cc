// The daemon's structured log.
#include "server/events/log.h"

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "spdlog/formatter.h"
#include "spdlog/sinks/stdout_color_sinks.h"
#include "spdlog/spdlog.h"

namespace assay::server {
namespace {

using Json = nlohmann::json;

std::atomic<bool>& JsonMode() {
  static std::atomic<bool> mode = false;
  return mode;
}

// Turns every line into an object: events are objects already, other text becomes "message".
class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const std::string_view payload(message.payload.data(), message.payload.size());
    Json line = {{"time", absl::FormatTime(absl::RFC3339_full, absl::FromChrono(message.time),
                                           absl::UTCTimeZone())},
                 {"level", spdlog::level::to_string_view(message.level).data()}};
    Json fields = Json::parse(payload, nullptr, /*allow_exceptions=*/false);
    if (fields.is_object()) {
      line.update(fields);
    } else {
      line["message"] = payload;
    }
    const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace);
    out.append(text.data(), text.data() + text.size());
    out.push_back('\n');
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>();
  }
};

std::string LogfmtValue(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  const bool bare = value.is_string() && !value.get_ref<const std::string&>().empty() &&
                    text.find_first_of(" =\\") == std::string::npos;
  return bare ? value.get<std::string>() : text;
}

}  // namespace

void InitLog(std::string_view level, std::string_view format) {
  auto logger = spdlog::stderr_color_mt("assayd");
  JsonMode() = format == "json";
  if (JsonMode()) {
    logger->set_formatter(std::make_unique<JsonFormatter>());
  } else {
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  }
  logger->set_level(spdlog::level::from_str(std::string(level)));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(logger);
}

void LogEvent(spdlog::level::level_enum level, std::string_view event,
              const std::vector<LogField>& fields) {
  if (!spdlog::should_log(level)) return;
  if (JsonMode()) {
    Json object = {{"event", event}};
    for (const auto& [key, value] : fields) object[std::string(key)] = value;
    spdlog::log(level, "{}", object.dump(-1, ' ', false, Json::error_handler_t::replace));
    return;
  }
  std::string line(event);
  for (const auto& [key, value] : fields) {
    absl::StrAppend(&line, " ", std::string(key), "=", LogfmtValue(value));
  }
  spdlog::log(level, "{}", line);
}

void FlushLog() { spdlog::default_logger()->flush(); }

}  // namespace assay::server
