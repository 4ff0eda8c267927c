# For scripts in the virtual machine: pods as the kubelet lays them out, made by crun, with private cgroup namespaces and one PID
# namespace, which pause owns. A stand-in for the kubelet and the container runtime, on the machine's own kernel.
mkdir -p /pod/rootfs/proc /pod/rootfs/sys /pod/rootfs/dev /pod/rootfs/tmp
cp /bin/memtrend /pod/rootfs/memtrend
cp /bin/memtrend /pod/rootfs/leaky

# The pod whose containers are made: its uid, and its cgroup.
uid=6f1c2b3a-0d4e-4a59-9b1e-5d1c0ffee123
group=/kubepods/burstable/pod$uid

# bundle ID CONTAINER CGROUP UID MEMORY CAPABILITIES PID_NAMESPACE ARGUMENT...: what `crun run --bundle /pod/ID` needs; a memory
# of 0 is no limit.
bundle() {
  local id=$1 container=$2 place=$3 user=$4 memory=$5 caps=$6 pids=$7
  shift 7
  local arguments=$(printf '"%s",' "$@")
  [ $memory = 0 ] && memory= || memory="\"memory\":{\"limit\":$memory,\"swap\":$memory}"
  mkdir -p /pod/$id /kubelet/pods/$uid/containers/$container
  echo >/kubelet/pods/$uid/containers/$container/1a2b3c4d
  cat >/pod/$id/config.json <<J
{"ociVersion":"1.0.2","process":{"terminal":false,"user":{"uid":$user,"gid":$user},"args":[${arguments%,}],"env":["PATH=/","VERSION=7"],
"cwd":"/","capabilities":{"bounding":[$caps],"effective":[$caps],"permitted":[$caps]},"noNewPrivileges":false},
"root":{"path":"/pod/rootfs","readonly":true},"hostname":"pod","mounts":[
{"destination":"/proc","type":"proc","source":"proc"},
{"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","mode=755"]},
{"destination":"/sys","type":"sysfs","source":"sysfs","options":["nosuid","noexec","nodev","ro"]},
{"destination":"/dev/termination-log","type":"bind","source":"/kubelet/pods/$uid/containers/$container/1a2b3c4d","options":["bind"]},
{"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup","options":["nosuid","noexec","nodev","relatime","ro"]}],
"linux":{"cgroupsPath":"$group/$place","resources":{$memory},
"namespaces":[{"type":"mount"},{"type":"ipc"},{"type":"uts"},{"type":"cgroup"},$pids]}}
J
}

# run_detached ID: /pod/ID/pid is its first process then.
run_detached() {
  crun --cgroup-manager=cgroupfs run -d --pid-file /pod/$1/pid --bundle /pod/$1 $1 >/tmp/$1.log 2>&1 || { cat /tmp/$1.log; exit 1; }
}

# run_to_its_kill ID: until the kernel kills it; its cgroup is removed at once.
run_to_its_kill() {
  crun --cgroup-manager=cgroupfs run --bundle /pod/$1 $1 >/tmp/$1.log 2>&1
  local code=$?
  [ $code = 137 ] || { echo "$1 ended with $code"; cat /tmp/$1.log; }
}

# sandbox ID PLACE: starts the pod's pause; pids is its PID namespace then, and shared as a bundle names it.
sandbox() {
  bundle $1 POD $2 65535 33554432 '' '{"type":"pid"}' /memtrend pause
  run_detached $1
  read -r pids </pod/$1/pid || [ "$pids" ]
  pids=/proc/$pids/ns/pid
  shared='{"type":"pid","path":"'$pids'"}'
}

# wait_ready PORT
wait_ready() {
  for attempt in $(seq 100); do wget -q -O /dev/null http://127.0.0.1:$1/-/ready && return; sleep 0.2; done 2>/dev/null
}
