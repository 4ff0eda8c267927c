# For scripts in the virtual machine: the parts of a pod as the kubelet lays it out, made by crun, with private cgroup
# namespaces and one PID namespace, which pause owns.
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
{"ociVersion":"1.0.2","process":{"terminal":false,"user":{"uid":$user,"gid":$user},"args":[${arguments%,}],"env":["PATH=/","VERSION=7"],
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

# run_detached NAME
run_detached() {
  crun --cgroup-manager=cgroupfs run -d --bundle /pod/$1 $1 >/tmp/$1.log 2>&1 || { cat /tmp/$1.log; exit 1; }
}

# wait_ready PORT
wait_ready() {
  for attempt in $(seq 100); do wget -q -O /dev/null http://127.0.0.1:$1/-/ready && return; sleep 0.2; done 2>/dev/null
}

bundle pause 65535 33554432 '' '{"type":"pid"}' /pause leak --start 0 --rate 0
run_detached pause
pause=$(crun state pause | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
shared='{"type":"pid","path":"/proc/'$pause'/ns/pid"}'
