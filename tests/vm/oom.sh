#!/bin/sh
# In the virtual machine: two lives of a leaking program under cgroup v2, killed by its kernel; prints pages with marks.
group=/sys/fs/cgroup/app
mkdir $group
echo 64M >$group/memory.max
memtrend serve --match 'app=leak .*--join' --trend.block 1s --interval 250ms --web.listen-address 127.0.0.1:9 2>/tmp/log &
page() { echo "@@page $1"; wget -q -O - http://127.0.0.1:9/metrics; }
until wget -q -O /dev/null http://127.0.0.1:9/-/ready; do sleep 0.2; done
for life in 1 2; do
  memtrend leak --start 16777216 --rate 2097152 --join $group &
  leak=$!
  sleep 13
  read up _ </proc/uptime
  page "half-way $life"
  echo "@@at $up"
  wait $leak
  read up _ </proc/uptime
  echo "@@killed $up"
  sleep 1
  page "killed $life"
done
echo "@@events $(tr '\n' ' ' <$group/memory.events)"
cat /tmp/log >&2
