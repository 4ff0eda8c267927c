# For scripts: a private docker engine where none answers. `start_engine FOLDER` sets DOCKER_HOST, with the engine's own below the
# folder; `stop_engine` ends it. Returns 3 where there is none to be had: that takes root and dockerd.
PATH=$PATH:/usr/sbin:/sbin
engine=

start_engine() {
  ! docker version >/dev/null 2>&1 || return 0
  if ! command -v dockerd >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "no docker engine answers, and a private one takes root and dockerd" >&2
    return 3
  fi
  export DOCKER_HOST=unix://$1/socket
  dockerd --bridge=none --iptables=false --ip6tables=false --exec-opt native.cgroupdriver=cgroupfs --data-root "$1/data" \
    --exec-root "$1/exec" --pidfile "$1/pid" -H "$DOCKER_HOST" >"$1/log" 2>&1 </dev/null &
  engine=$!
  for attempt in $(seq 300); do
    ! docker version >/dev/null 2>&1 || return 0
    kill -0 "$engine" 2>/dev/null || break
    sleep 0.1
  done
  cat "$1/log" >&2
  return 1
}

stop_engine() {
  [ -n "$engine" ] || return 0
  kill "$engine" 2>/dev/null || true
  wait "$engine" 2>/dev/null || true
  # It leaves a mount below its folder.
  umount "$(dirname "${DOCKER_HOST#unix://}")/exec/netns/default" 2>/dev/null || true
  engine=
}
