// The options of `mlflow`.
#ifndef ASSAY_CLIENT_COMMANDS_MLFLOW_ARGUMENTS_H_
#define ASSAY_CLIENT_COMMANDS_MLFLOW_ARGUMENTS_H_

namespace CLI {
class App;
}

namespace assay::client {

struct Arguments;

// The options of `mlflow flush`.
struct MlflowOptions {
  // How long to wait for the uploads, in seconds. 0: the server's default.
  double wait_seconds = 0;
};

// Adds the command `mlflow` to `app`. `arguments` must outlive `app`.
void AddMlflow(CLI::App& app, Arguments& arguments);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_MLFLOW_ARGUMENTS_H_
