#!/bin/sh
# In the virtual machine: a pod (pod.sh) with several sidecars; its other container leaks slowly in its first life and fast in
# those that follow, is killed by the kernel and removed at once, again and again. Prints the sidecars' pages.
#
#   pods.sh ROUNDS SIDECARS     /bin/watcherN.json: the bundle of each, but for the PID namespace; the application runs as 1000
rounds=$1 count=$2
. /bin/pod.sh
sandbox pause pause
for watcher in $(seq 0 $((count - 1))); do
  # Its emptyDir: any user may write to one.
  mkdir -p /pod/watcher$watcher /kubelet/empty-dir/$watcher
  chmod 777 /kubelet/empty-dir/$watcher
  sed "s|\"PIDS\"|\"$pids\"|; s|/kubelet/empty-dir/memtrend-state|/kubelet/empty-dir/$watcher|" /bin/watcher$watcher.json \
    >/pod/watcher$watcher/config.json
  run_detached watcher$watcher
  wait_ready $((10240 + watcher))
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
anonymous() { echo "@@$1 $(sed -n 's/^anon //p' /sys/fs/cgroup$group/app/memory.stat)"; }
anonymous before
pages live
anonymous after
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
