#!/bin/sh
# In the virtual machine: a pod (pod.sh) with memtrend as a sidecar; its other container is run, killed by the kernel and removed at once, again and again.
#
#   pods.sh ROUNDS UID CAPABILITIES     of the sidecar; the application runs as 1000
rounds=$1 uid=$2 capabilities=$3
. /bin/pod.sh
bundle watcher "$uid" 67108864 "$capabilities" "$shared" \
  /memtrend serve --application auto --trend.block 10s --interval 250ms --web.listen-address 127.0.0.1:10240
bundle app 1000 33554432 '' "$shared" /leaky leak --start 8388608 --rate 16777216
run_detached watcher
wait_ready 10240

round=0
while [ $round -lt "$rounds" ]; do
  crun --cgroup-manager=cgroupfs run --bundle /pod/app app >/tmp/app.log 2>&1
  code=$?
  [ $code = 137 ] || { echo "round $round: the application ended with $code"; cat /tmp/app.log; }
  round=$((round + 1))
done
sleep 2
echo "@@page end"
wget -q -O - http://127.0.0.1:10240/metrics
echo "@@vmstat $(grep oom_kill /proc/vmstat)"
cat /tmp/watcher.log >&2
