// The options of `keys`.
#ifndef ASSAY_CLIENT_COMMANDS_KEY_ARGUMENTS_H_
#define ASSAY_CLIENT_COMMANDS_KEY_ARGUMENTS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace assay::client {

struct Arguments;

// 0 and empty lists: no limit.
struct KeyOptions {
  // For `create` the name; for `revoke` the name or the id.
  std::string key;
  std::vector<std::string> roles;
  double expires_in_seconds = 0;
  int64_t requests_per_minute = 0;
  int64_t max_concurrent = 0;
  int64_t tokens_per_day = 0;
  int32_t max_priority = 0;
  double share = 1;
  std::vector<std::string> models;
};

// Adds the commands to the parser. `arguments` must outlive it.
void AddKeys(CLI::App& app, Arguments& arguments);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_KEY_ARGUMENTS_H_
