#!/bin/sh
# In the virtual machine, seen from the host's side: kills of each scope, group kills, a killer in user space.
#
# /pod (limit 96M) holds /pod/own (limit 32M), /pod/above (no limit of its own) and /pod/group (limit 32M, killed as a group);
# /free has no limit but the machine's memory.
top=/sys/fs/cgroup
mkdir -p $top/pod $top/free $top/marked
echo "+memory" >$top/pod/cgroup.subtree_control
mkdir $top/pod/own $top/pod/above $top/pod/group
echo 96M >$top/pod/memory.max
echo 32M >$top/pod/own/memory.max
echo 32M >$top/pod/group/memory.max
echo 1 >$top/pod/group/memory.oom.group

# main NAME CGROUP: a main process that lives on, and starts a child of SIZE bytes for each line SIZE. It cannot be chosen
# itself: the kernel takes a second victim when the first one's memory is slow to come back.
main() {
  mkfifo /tmp/$1
  sh -c '
    echo $$ >$2/cgroup.procs
    echo -1000 >/proc/$$/oom_score_adj
    exec 3<>/tmp/$1
    while read -r size <&3; do
      sh -c "echo 1000 >/proc/\$\$/oom_score_adj; exec memtrend leak --start $size --rate 0"
      echo >>/tmp/$1.done
    done' main-$1 $1 $2 2>/dev/null &
}
main own $top/pod/own
main above $top/pod/above
main free $top/free
main marked $top/marked
# Of a group the main process is killed too: it is started anew each time.
group() {
  sh -c 'echo $$ >$1/cgroup.procs; sleep 1000 & sleep 1000 & sleep 4; exec memtrend leak --start 67108865 --rate 0' main-group $top/pod/group 2>/dev/null &
}
memtrend serve --match 'own=main-own' --match 'above=main-above' --match 'free=main-free' --match 'group=main-group|leak --start 67108865' \
  --match 'marked=main-marked' --interval 1s --trend.block 10s --web.listen-address 127.0.0.1:10240 2>/tmp/log &
until wget -q -O /dev/null http://127.0.0.1:10240/-/ready; do sleep 0.2; done 2>/dev/null
sleep 3

# children NAME SIZE COUNT
children() {
  number=0
  : >/tmp/$1.done
  while [ $number -lt $3 ]; do echo $2 >/tmp/$1; number=$((number + 1)); done
  while [ "$(wc -l </tmp/$1.done)" -lt $3 ]; do sleep 0.1; done
}
children own 67108864 3
children above 134217728 3
children free 900000000 3
for round in 1 2 3; do
  group
  wait $!
  sleep 3
done
# systemd-oomd kills all processes of a cgroup and then marks it; here the marks alone are made, by hand.
for mark in 2 5; do
  setfattr -n user.oomd_kill -v $mark $top/marked
  sleep 2
done
sleep 2
echo "@@page end"
wget -q -O - http://127.0.0.1:10240/metrics
echo "@@events $(tr '\n' ' ' <$top/pod/group/memory.events)"
dmesg | grep -E 'oom-kill:|Killed process|out of memory' | sed 's/^/@@kernel /'
cat /tmp/log >&2
