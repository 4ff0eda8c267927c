#!/bin/sh
# In the virtual machine: a pod (pod.sh) with a container of uid 1000, and `memtrend doctor` run in it in several ways, at one time.
#
#   doctor.sh [UID CAPABILITIES]...     of each
. /bin/pod.sh
sandbox pause pause
bundle app app app 1000 67108864 '' "$shared" /leaky leak --start 16777216 --rate 0
run_detached app

# doctor NAME UID CAPABILITIES PID_NAMESPACE
doctor() {
  bundle doctor$1 memtrend memtrend$1 $2 67108864 "$3" "$4" /memtrend doctor --version-env VERSION
  {
    crun --cgroup-manager=cgroupfs run --bundle /pod/doctor$1 doctor$1
    echo "@@code $?"
  } >/tmp/doctor$1 2>&1 &
  names="$names $1"
}
names= count=0
while [ $# -gt 0 ]; do
  doctor $count "$1" "$2" "$shared"
  count=$((count + 1))
  shift 2
done
doctor alone 65534 '' '{"type":"pid"}'
wait
for name in $names; do echo "@@doctor $name"; cat /tmp/doctor$name; done
