#!/bin/sh
# In the virtual machine: a pod as the kubelet lays it out, made by crun, with private cgroup namespaces and one PID namespace,
# memtrend as a sidecar; its other container is run, killed by the kernel and removed at once, again and again.
#
#   pods.sh ROUNDS UID CAPABILITIES     of the sidecar; the application runs as 1000
rounds=$1 uid=$2 capabilities=$3
pod=pod6f1c2b3a-0d4e-4a59-9b1e-5d1c0ffee123
mkdir -p /pod/rootfs/proc /pod/rootfs/sys /pod/rootfs/dev /pod/rootfs/tmp
cp /bin/memtrend /pod/rootfs/memtrend
cp /bin/memtrend /pod/rootfs/leaky
cp /bin/memtrend /pod/rootfs/pause

# bundle NAME UID MEMORY CAPABILITIES PID_NAMESPACE ARGUMENT...
bundle() {
  name=$1 user=$2 memory=$3 caps=$4 pids=$5
  shift 5
  arguments=$(printf '"%s",' "$@")
  mkdir -p /pod/$name /kubelet/pods/${pod#pod}/containers/$name
  echo >/kubelet/pods/${pod#pod}/containers/$name/1a2b3c4d
  cat >/pod/$name/config.json <<J
{"ociVersion":"1.0.2","process":{"terminal":false,"user":{"uid":$user,"gid":$user},"args":[${arguments%,}],"env":["PATH=/"],
"cwd":"/","capabilities":{"bounding":[$caps],"effective":[$caps],"permitted":[$caps]},"noNewPrivileges":false},
"root":{"path":"/pod/rootfs","readonly":true},"hostname":"pod","mounts":[
{"destination":"/proc","type":"proc","source":"proc"},
{"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","mode=755"]},
{"destination":"/sys","type":"sysfs","source":"sysfs","options":["nosuid","noexec","nodev","ro"]},
{"destination":"/dev/termination-log","type":"bind","source":"/kubelet/pods/${pod#pod}/containers/$name/1a2b3c4d","options":["bind"]},
{"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup","options":["nosuid","noexec","nodev","relatime","ro"]}],
"linux":{"cgroupsPath":"/kubepods/burstable/$pod/$name","resources":{"memory":{"limit":$memory,"swap":$memory}},
"namespaces":[{"type":"mount"},{"type":"ipc"},{"type":"uts"},{"type":"cgroup"},$pids]}}
J
}

bundle pause 65535 33554432 '' '{"type":"pid"}' /pause leak --start 0 --rate 0
crun --cgroup-manager=cgroupfs run -d --bundle /pod/pause pause >/tmp/pause.log 2>&1 || { cat /tmp/pause.log; exit 1; }
pause=$(crun state pause | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
shared='{"type":"pid","path":"/proc/'$pause'/ns/pid"}'
bundle watcher "$uid" 67108864 "$capabilities" "$shared" \
  /memtrend serve --application auto --trend.block 10s --interval 250ms --web.listen-address 127.0.0.1:10240
bundle app 1000 33554432 '' "$shared" /leaky leak --start 8388608 --rate 16777216
crun --cgroup-manager=cgroupfs run -d --bundle /pod/watcher watcher >/tmp/watcher.log 2>&1 || { cat /tmp/watcher.log; exit 1; }
for attempt in $(seq 100); do wget -q -O /dev/null http://127.0.0.1:10240/-/ready && break; sleep 0.2; done 2>/dev/null

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
