#!/usr/bin/env bash
# demo.sh start: starts MLflow and assayd, streams one post and runs an evaluation. demo.sh stop:
# stops both servers. Requires a finished build. Servers that an earlier demo left running are
# reused.
set -euo pipefail
cd "$(dirname "$0")/.."
STATE=var/demo
LOG=var/log
BIN=build/${PRESET:-release}/bin
CONFIG=deploy/demo/assayd.yaml
MLFLOW_PORT=5000
GRPC_PORT=50051
METRICS_PORT=9464
PORTS_TO_TRY=50
START_SECONDS=120
STOP_SECONDS=45
PROMPTS_PER_TYPE=3
TOPIC="Write a LinkedIn post on why teams should measure a language model before they trust it"
LOG_TAIL_LINES=20

started=""

die() {
  echo "demo: $*" >&2
  exit 1
}

# alive NAME PATTERN: succeeds if the process of $STATE/NAME.pid runs and its command matches
# PATTERN (the system reuses process ids).
alive() {
  local pid
  pid=$(cat "$STATE/$1.pid" 2>/dev/null) || return 1
  [ -n "$pid" ] && ps -p "$pid" -o command= 2>/dev/null | grep -q -- "$2"
}

mlflow_alive() { alive mlflow "mlflow"; }
assayd_alive() { alive assayd "$BIN/assayd"; }

port_is_free() {
  .venv/bin/python - "$1" <<'PY'
import socket, sys
with socket.socket() as s:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        s.bind(("127.0.0.1", int(sys.argv[1])))
    except OSError:
        sys.exit(1)
PY
}

# free_port FIRST WHAT: prints the first free port from FIRST on, and a notice if it is not FIRST.
free_port() {
  local port
  for ((port = $1; port < $1 + PORTS_TO_TRY; port++)); do
    port_is_free "$port" || continue
    [ "$port" = "$1" ] || echo "      port $1 is busy: $2 uses $port" >&2
    echo "$port"
    return 0
  done
  die "no free port for $2 from $1 to $(($1 + PORTS_TO_TRY - 1))"
}

# wait_until WHAT ALIVE LOGFILE command...: waits until the command succeeds. Fails if the server
# exits or the start takes too long.
wait_until() {
  local what=$1 alive=$2 log=$3 begin=$SECONDS
  shift 3
  until "$@" >/dev/null 2>&1; do
    if ! "$alive" || ((SECONDS - begin > START_SECONDS)); then
      tail -n "$LOG_TAIL_LINES" "$log" >&2
      die "$what did not start; see $log"
    fi
    [ ! -t 2 ] || printf '\r      waiting for %s: %d s ' "$what" $((SECONDS - begin)) >&2
    sleep 0.3
  done
  [ ! -t 2 ] || printf '\r\033[K' >&2
}

mlflow_ready() { curl -fsS --max-time 2 "$(cat "$STATE/mlflow.uri")/health"; }
assayd_ready() { "$BIN/assay" --address "$(cat "$STATE/assayd.address")" --timeout 5 models; }

start_mlflow() {
  if mlflow_alive && mlflow_ready >/dev/null 2>&1; then
    echo "[1/4] MLflow is running: $(cat "$STATE/mlflow.uri")"
    return 0
  fi
  stop_one mlflow mlflow_alive
  local port
  port=$(free_port $MLFLOW_PORT MLflow)
  echo "[1/4] Starting MLflow on 127.0.0.1:$port"
  mkdir -p "$STATE/mlflow/artifacts"
  echo "http://127.0.0.1:$port" >"$STATE/mlflow.uri"
  # The server gets its own process group: a later Ctrl-C in this terminal must not stop it.
  set -m
  nohup .venv/bin/mlflow server --host 127.0.0.1 --port "$port" --workers 1 \
    --backend-store-uri "sqlite:///$PWD/$STATE/mlflow/mlflow.db" \
    --artifacts-destination "$PWD/$STATE/mlflow/artifacts" >"$LOG/mlflow.log" 2>&1 </dev/null &
  echo $! >"$STATE/mlflow.pid"
  set +m
  started="mlflow $started"
  wait_until MLflow mlflow_alive "$LOG/mlflow.log" mlflow_ready
}

# The daemon of an earlier demo is reused only if it runs the current binary and configuration and
# uses this MLflow server.
assayd_is_current() {
  assayd_alive && [ ! "$BIN/assayd" -nt "$STATE/assayd.pid" ] &&
    [ ! "$CONFIG" -nt "$STATE/assayd.pid" ] &&
    [ ! deploy/demo/models.yaml -nt "$STATE/assayd.pid" ] &&
    [ "$(cat "$STATE/assayd.mlflow" 2>/dev/null)" = "$(cat "$STATE/mlflow.uri")" ] &&
    assayd_ready >/dev/null 2>&1
}

start_assayd() {
  if assayd_is_current; then
    echo "[2/4] assayd is running: $(cat "$STATE/assayd.address")"
    return 0
  fi
  stop_one assayd assayd_alive
  local port metrics_port
  port=$(free_port $GRPC_PORT assayd)
  metrics_port=$(free_port $METRICS_PORT "the metrics endpoint")
  echo "[2/4] Starting assayd on 127.0.0.1:$port"
  echo "127.0.0.1:$port" >"$STATE/assayd.address"
  echo "127.0.0.1:$metrics_port" >"$STATE/assayd.metrics"
  cp "$STATE/mlflow.uri" "$STATE/assayd.mlflow"
  set -m
  # Waiting threads sleep: spinning ones slow everything down if other programs need the cores too.
  OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive} nohup "$BIN/assayd" --config "$CONFIG" \
    --listen "127.0.0.1:$port" --metrics-listen "127.0.0.1:$metrics_port" --mlflow-uri "$(cat "$STATE/mlflow.uri")" \
    >"$LOG/assayd.log" 2>&1 </dev/null &
  echo $! >"$STATE/assayd.pid"
  set +m
  started="assayd $started"
  wait_until assayd assayd_alive "$LOG/assayd.log" assayd_ready
}

# stop_one NAME ALIVE: sends SIGTERM and waits. Never sends SIGKILL; that is left to the user.
stop_one() {
  local name=$1 alive=$2 pid begin=$SECONDS
  if ! "$alive"; then
    rm -f "$STATE/$name.pid"
    return 0
  fi
  pid=$(cat "$STATE/$name.pid")
  kill -TERM "$pid"
  while "$alive"; do
    if ((SECONDS - begin > STOP_SECONDS)); then
      echo "demo: $name (pid $pid) is still running after $STOP_SECONDS s" >&2
      return 1
    fi
    sleep 0.2
  done
  rm -f "$STATE/$name.pid"
  echo "demo: $name stopped"
}

stop_all() {
  if ! mlflow_alive && ! assayd_alive; then echo "demo: nothing is running"; fi
  stop_one assayd assayd_alive
  stop_one mlflow mlflow_alive
}

# Ctrl-C and failures stop only the servers that this demo started.
stop_started() {
  local name
  trap - EXIT INT TERM
  for name in $started; do stop_one "$name" "${name}_alive" || true; done
}

start() {
  if [ ! -x "$BIN/assayd" ] || [ ! -x "$BIN/assay" ]; then
    die "there is no build in $BIN; run make demo"
  fi
  mkdir -p "$STATE" "$LOG"
  trap 'stop_started' EXIT
  trap 'echo; exit 130' INT
  trap 'exit 143' TERM
  start_mlflow
  start_assayd
  ASSAY_ADDRESS=$(cat "$STATE/assayd.address")
  export ASSAY_ADDRESS

  echo "[3/4] A LinkedIn post"
  "$BIN/assay" generate --content-type linkedin --max-new-tokens 200 "$TOPIC"

  echo "[4/4] An evaluation: 4 content types x $PROMPTS_PER_TYPE prompts"
  "$BIN/assay" evaluate --content-type twitter --content-type linkedin --content-type technical \
    --content-type business --prompts $PROMPTS_PER_TYPE --name demo

  trap - EXIT INT TERM
  cat <<EOF
MLflow   $(cat "$STATE/mlflow.uri")
Metrics  http://$(cat "$STATE/assayd.metrics")/metrics
assayd   $ASSAY_ADDRESS (still running; stop it with make demo-stop)
Try      ASSAY_ADDRESS=$ASSAY_ADDRESS $BIN/assay --help
EOF
}

case ${1:-start} in
  start) start ;;
  stop) stop_all ;;
  *) die "usage: deploy/demo.sh [start|stop]" ;;
esac
