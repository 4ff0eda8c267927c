#!/bin/sh
# In the virtual machine: a pod (pod.sh) with several sidecars, all of which watch two containers of uid 1000: first one
# that is killed at its own limit, then one that is killed at the pod's. Prints each one's pages while a container lives and
# when it is killed, and its log.
#
#   permissions.sh MOST_LIVES OWN_REGEX ABOVE_REGEX [UID CAPABILITIES]...     of each sidecar
. /bin/pod.sh
lives=$1 own=$2 above=$3
shift 3
sandbox pause pause
echo 96M >/sys/fs/cgroup$group/memory.max
count=0
while [ $# -gt 0 ]; do
  bundle watcher$count watcher$count watcher$count "$1" 67108864 "$2" "$shared" /memtrend serve --version-env VERSION --match "own=$own" --match "above=$above" \
    --trend.block 10s --interval 1s --web.listen-address 127.0.0.1:$((10240 + count))
  run_detached watcher$count
  count=$((count + 1))
  shift 2
done
for watcher in $(seq 0 $((count - 1))); do wait_ready $((10240 + watcher)); done

# pages NAME PATTERN: of each sidecar as soon as it has a line that fits, or after some seconds: then missed is set.
pages() {
  missed=
  for watcher in $(seq 0 $((count - 1))); do
    attempt=0
    while wget -q -O /tmp/page http://127.0.0.1:$((10240 + watcher))/metrics && ! grep -q "$2" /tmp/page; do
      attempt=$((attempt + 1))
      [ $attempt -lt 4 ] || { missed=$watcher; break; }
      sleep 1
    done
    echo "@@page $1 $watcher"
    cat /tmp/page
  done
}

# live NAME MEMORY START RATE: runs a container to its end, again where a sidecar has missed that.
live() {
  bundle $1 $1 $1 1000 $2 '' "$shared" /leaky leak --start $3 --rate $4
  life=0
  while [ $life -lt $lives ]; do
    crun --cgroup-manager=cgroupfs run --bundle /pod/$1 $1 >/tmp/$1.log 2>&1 &
    crun=$!
    sleep 2
    [ $life = 0 ] && pages "$1 live" "^memtrend_heap_bytes{application=\"$1\"}"
    wait $crun
    code=$?
    [ $code = 137 ] || { echo "$1 ended with $code"; cat /tmp/$1.log; }
    echo "@@killed $1"
    pages "$1 end" "^memtrend_oom_kills_total{application=\"$1\".* [1-9]$"
    [ "$missed" ] || break
    echo "a kill was missed by $missed"
    life=$((life + 1))
  done
}
live own 50331648 16777216 4194304
live above 209715200 16777217 8388608
for watcher in $(seq 0 $((count - 1))); do
  echo "@@report $watcher"
  wget -q -O - http://127.0.0.1:$((10240 + watcher))/api/v1/report
  echo "@@log $watcher"
  cat /tmp/watcher$watcher.log
done
echo "@@end"
