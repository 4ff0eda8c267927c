#!/bin/bash
# What memtrend costs in containers: from `docker run` to the first scrape, and a node agent over 1, 20 and 200 containers.
# Prints the table of docs/performance.md. Takes seven minutes; needs `make image` before, and root where no engine answers.
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
image=memtrend:$version port=10399 seconds=60
work=$(mktemp -d)
. scripts/engine.bash
finish() {
  docker ps -aq --filter label=memtrend-bench | xargs -r docker rm -f >/dev/null 2>&1 || true
  stop_engine
  rm -rf "$work"
}
trap finish EXIT
start_engine "$work"
docker load -q -i target/image/memtrend.tar >/dev/null
cp /bin/busybox "$work/busybox"
printf 'FROM scratch\nCOPY busybox /busybox\nENTRYPOINT ["/busybox"]\n' >"$work/Dockerfile"
mkdir "$work/context" && mv "$work/busybox" "$work/Dockerfile" "$work/context/"
DOCKER_BUILDKIT=0 docker build -q -t memtrend-bench:idle "$work/context" >/dev/null
modest=(--label memtrend-bench --network=host --read-only --cap-drop=ALL --security-opt=no-new-privileges --memory=64m)

milliseconds() { echo $(($(date +%s%N) / 1000000)); }
# The least, the median and the greatest of numbers, one a line.
spread() { sort -n | awk '{v[NR] = $1} END {printf "%s | %s – %s (%d)", v[int((NR + 1) / 2)], v[1], v[NR], NR}'; }

echo "| measure | of | median | least – greatest (measurements) | unit |"
echo "|---|---|--:|---|---|"
echo "| image | $image | $(docker image inspect --format '{{.Size}}' "$image") | | bytes |"

for run in $(seq 20); do
  begun=$(milliseconds)
  docker run --rm "${modest[@]}" "$image" --version >/dev/null
  echo $(($(milliseconds) - begun))
done >"$work/alone"
echo "| docker run | \`--version\`, to its end: what the engine itself takes | $(spread <"$work/alone") | ms |"
for run in $(seq 20); do
  begun=$(milliseconds)
  docker run -d --name=bench-started "${modest[@]}" "$image" serve --web.listen-address=127.0.0.1:$port >/dev/null
  until curl -sf -o /dev/null http://127.0.0.1:$port/metrics; do sleep 0.002; done
  echo $(($(milliseconds) - begun))
  docker rm -f bench-started >/dev/null
done >"$work/started"
echo "| docker run | to the first scrape | $(spread <"$work/started") | ms |"

running=0
for count in 1 20 200; do
  while [ $running -lt $count ]; do
    docker run -d --label memtrend-bench --network=none --memory=32m --name "bench-idle-$running" memtrend-bench:idle sleep 100000 >/dev/null
    running=$((running + 1))
  done
  docker run -d --name=bench-agent --pid=host --cgroupns=host --user=0:0 -v /sys/fs/cgroup:/host/sys/fs/cgroup:ro \
    "${modest[@]}" "$image" serve --container '*' --path.sysfs=/host/sys --web.listen-address=127.0.0.1:$port >/dev/null
  pid=$(docker inspect -f '{{.State.Pid}}' bench-agent)
  until curl -sf -o "$work/page" http://127.0.0.1:$port/metrics; do sleep 0.1; done
  sleep 20
  # Of all of its threads, by the kernel's account, in nanoseconds.
  used() { cat /proc/"$pid"/task/*/schedstat | awk '{sum += $1} END {printf "%.0f", sum}'; }
  before=$(used)
  for scrape in $(seq $((seconds / 15))); do sleep 15; curl -sf -o "$work/page" http://127.0.0.1:$port/metrics; done
  after=$(used)
  applications=$(awk '/^memtrend_applications /{print $2}' "$work/page")
  resident=$(awk '/^VmRSS/{print $2 / 1024}' /proc/"$pid"/status)
  anonymous=$(awk '/^RssAnon/{print $2 / 1024}' /proc/"$pid"/status)
  echo "| node agent, $count containers | applications that it watches | $applications | | |"
  printf '| node agent, %s containers | resident memory, of it anonymous | %.2f, %.2f | | MiB |\n' $count "$resident" "$anonymous"
  awk -v used=$((after - before)) -v seconds=$seconds -v count=$count \
    'BEGIN {printf "| node agent, %d containers | CPU: a pass each 5 s, a scrape each 15 s | %.3f | | %% of a core |\n", count, used / seconds / 1e7}'
  echo "| node agent, $count containers | page | $(stat -c %s "$work/page") | | bytes |"
  docker rm -f bench-agent >/dev/null
done
