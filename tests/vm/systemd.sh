#!/bin/sh
# In the virtual machine, with systemd as its first process: memtrend.service as it is shipped, and a unit that leaks until the
# kernel kills it and systemd starts it again. Prints pages and facts with marks, of the unit alone, with capabilities.conf and with
# socket.conf.
units=/etc/systemd/system
mkdir -p /etc/default $units/memtrend.service.d
cp /bin/memtrend.service $units/
cp /bin/memtrend.default /etc/default/memtrend
cat >>/etc/default/memtrend <<EOF
MEMTREND_TREND_BLOCK=1s
MEMTREND_INTERVAL=250ms
MEMTREND_VERSION_ENV=VERSION
EOF
cat >$units/leaky.service <<EOF
[Service]
User=leaky
Environment=VERSION=7
ExecStart=memtrend leak --start 16777216 --rate 16777216
Restart=always
RestartSec=1s
MemoryMax=64M
MemorySwapMax=0
EOF
echo leaky:x:1000:65534::/:/bin/sh >>/etc/passwd

fetch() { wget -q -O - http://127.0.0.1:10240$1; }
# wait_for SECONDS COMMAND...
wait_for() {
  left=$1
  shift
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    [ $left -gt 0 ] || { echo "waited in vain for: $*"; systemctl --no-pager status memtrend leaky; fetch /metrics; exit 1; }
    sleep 1
  done
}
health() { memtrend health && fetch /metrics; }
kills() { fetch /metrics | grep '^memtrend_oom_kills_total{application="leaky",scope="own"} [1-9]'; }
fact() { echo "@@fact $1 $2"; }
shown() { systemctl show --value -p "$2" "$1"; }
page() { echo "@@page $1"; fetch /metrics; }

systemctl daemon-reload
systemctl start memtrend
wait_for 20 health
fact user "$(stat -c %u /proc/$(shown memtrend MainPID))"
fact folder "$(stat -L -c '%u %a' /var/lib/memtrend)"
systemctl start leaky
wait_for 30 kills
page killed
wait_for 10 systemctl is-active leaky
fact leaky_restarts "$(shown leaky NRestarts)"
systemctl stop leaky
systemctl restart memtrend
wait_for 20 health
page restarted
kill -9 $(shown memtrend MainPID)
sleep 1
wait_for 20 health
fact own_restarts "$(shown memtrend NRestarts)"

cp /bin/capabilities.conf $units/memtrend.service.d/
systemctl daemon-reload
systemctl restart memtrend
wait_for 20 health
systemctl start leaky
sleep 3
page capable
victim() { fetch /api/v1/report | grep '"process":"memtrend"'; }
wait_for 20 victim
echo "@@report $(fetch /api/v1/report)"

# As the docs say it, while memtrend runs.
systemctl stop leaky
rm $units/memtrend.service.d/capabilities.conf
cp /bin/memtrend.socket $units/
cp /bin/socket.conf $units/memtrend.service.d/
systemctl daemon-reload && systemctl enable memtrend.socket && systemctl restart memtrend
wait_for 20 health
# A stopped one is started by the next question, which waits.
systemctl stop memtrend
wait_for 20 fetch /-/healthy
wait_for 20 health
network() { readlink /proc/$1/ns/net; }
[ "$(network $(shown memtrend MainPID))" = "$(network 1)" ] && fact network "the machine's" || fact network another
page socket
systemctl stop memtrend.socket memtrend

echo MEMTREND_INTERVAL=often >>/etc/default/memtrend
systemctl restart memtrend 2>/dev/null && fact wrong started || fact wrong refused
