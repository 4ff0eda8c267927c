#!/bin/sh
# In the virtual machine: a node with pods (pod.sh) of both cgroup drivers and all classes, watched by a node agent that is run as
# its manifest says (/bin/agent.json, a bundle's config). Prints the agent's page when all run ("all"), when some have been killed
# and run again ("again"), and when one pod has been deleted and forgotten ("deleted").
#
#   agent.sh FORGET_AFTER_SECONDS POD...      a pod: DRIVER,CLASS,UID,NAMESPACE,POD,CONTAINER,MEMORY,LIVES
forget_after=$1
shift
. /bin/pod.sh
mkdir -p /var/log/containers /var/log/pods /var/lib/memtrend

# place DRIVER CLASS UID: sets group, the pod's cgroup.
place() {
  case $1,$2 in
    cgroupfs,guaranteed) group=/kubepods/pod$3 ;;
    cgroupfs,*) group=/kubepods/$2/pod$3 ;;
    systemd,guaranteed) group=/kubepods.slice/kubepods-pod$(echo $3 | tr - _).slice ;;
    systemd,*) group=/kubepods.slice/kubepods-$2.slice/kubepods-$2-pod$(echo $3 | tr - _).slice ;;
  esac
}

# container_id NUMBER LIFE: as a runtime makes them, 64 hexadecimal digits.
container_id() { echo "$1 $2" | sha256sum | cut -c1-64; }

# scope DRIVER NUMBER ID: the container's cgroup below its pod's; of the systemd driver that of containerd or of CRI-O.
scope() {
  case $1 in
    cgroupfs) echo $3 ;;
    *) [ $(($2 % 2)) = 0 ] && echo cri-containerd-$3.scope || echo crio-$3.scope ;;
  esac
}

# names NUMBER LIFE ID: the kubelet's folder and link.
names() {
  mkdir -p /var/log/pods/${namespace}_${pod}_$uid/$container
  : >/var/log/pods/${namespace}_${pod}_$uid/$container/$2.log
  ln -s /var/log/pods/${namespace}_${pod}_$uid/$container/$2.log /var/log/containers/${pod}_${namespace}_$container-$3.log
}

# read_pod NUMBER POD
read_pod() {
  number=$1
  IFS=, read -r driver class uid namespace pod container memory lives <<P
$2
P
  place $driver $class $uid
  shared='{"type":"pid","path":"'$(cat /run/pids$number 2>/dev/null)'"}'
}

# container LIFE START RATE: makes the bundle of the application's container.
container() {
  id=$(container_id $number $1)
  names $number $1 $id
  bundle $id $container $(scope $driver $number $id) 1000 $memory '' "$shared" /leaky leak --start $2 --rate $3
}

page() {
  echo "@@page $1"
  wget -q -O - http://127.0.0.1:10240/metrics
}

mkdir -p /pod/agent
mv /bin/agent.json /pod/agent/config.json
run_detached agent
wait_ready 10240

number=0
for each in "$@"; do
  number=$((number + 1))
  read_pod $number "$each"
  pause=$(container_id $number pause)
  sandbox $pause $(scope $driver $number $pause)
  echo $pids >/run/pids$number
  read_pod $number "$each"
  container 0 8388608 0
  run_detached $id
done
sleep 8
page all

number=0
for each in "$@"; do
  number=$((number + 1))
  read_pod $number "$each"
  [ $lives != 0 ] || continue
  # Its first container ends by hand, as by a new deployment; those that follow are killed by the kernel, and the last one lives.
  crun delete -f $(container_id $number 0)
  for life in $(seq 1 $lives); do
    # It lives for some four seconds: the machine is emulated, a pass takes a tenth of a second and the next comes two seconds later.
    container $life 8388608 6291456
    run_to_its_kill $id
  done
  container $((lives + 1)) 8388608 0
  run_detached $id
done
sleep 6
page again

# The last pod is deleted.
crun delete -f $id
crun delete -f $(container_id $number pause)
rmdir /sys/fs/cgroup$group
rm -r /var/log/pods/${namespace}_${pod}_$uid /var/log/containers/${pod}_${namespace}_*
sleep $((forget_after + 4))
page deleted
echo "@@state $(ls -l /var/lib/memtrend | tail -n +2)"
cat /tmp/agent.log >&2
