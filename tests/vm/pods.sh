#!/bin/sh
# In the virtual machine: a pod (pod.sh) with several sidecars; its other container leaks slowly in its first life and fast in
# those that follow, is killed by the kernel and removed at once, again and again. Prints the sidecars' pages.
#
#   pods.sh ROUNDS [UID CAPABILITIES]...     of each sidecar; the application runs as 1000
rounds=$1
shift
. /bin/pod.sh
sandbox pause pause
count=0
while [ $# -gt 0 ]; do
  port=$((10240 + count))
  bundle watcher$count watcher$count watcher$count "$1" 33554432 "$2" "$shared" \
    /memtrend serve --application auto --trend.block 1s --interval 250ms --web.listen-address 127.0.0.1:$port
  run_detached watcher$count
  wait_ready $port
  count=$((count + 1))
  shift 2
done
last=$((count - 1))

pages() {
  for watcher in $(seq 0 $last); do
    echo "@@page $1 $watcher"
    wget -q -O - http://127.0.0.1:$((10240 + watcher))/metrics
  done
}

bundle app app app 1000 67108864 '' "$shared" /leaky leak --start 16777216 --rate 2097152
run_to_its_kill app &
sleep 18
echo "@@anonymous $(sed -n 's/^anon //p' /sys/fs/cgroup$group/app/memory.stat)"
pages live
wait
bundle app app app 1000 67108864 '' "$shared" /leaky leak --start 41943040 --rate 33554432
for round in $(seq 2 "$rounds"); do run_to_its_kill app; done
sleep 2
pages end
for watcher in $(seq 0 $last); do
  echo "@@peak $watcher $(cat /sys/fs/cgroup$group/watcher$watcher/memory.peak)"
  # Whether it is still the one that was started.
  echo "@@started $watcher $(crun state watcher$watcher | sed -n 's/.*"status": *"\([a-z]*\)".*/\1/p')"
done
echo "@@vmstat $(grep oom_kill /proc/vmstat)"
cat /tmp/watcher*.log >&2
