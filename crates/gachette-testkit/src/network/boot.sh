# What the first process of a host does, in namespaces of its own: it waits until the host is plugged in, then sshd runs; when our
# end of its standard input is closed, it ends, and with it every process of the host.
# $1: its address, $2: sshd's configuration, $3: the log, $4: what it has of its own, $5: where that is seen, $6: its root, in
# which $2 is
set -e
mount --bind "$4" "$5"
if [ "$6" != / ]; then
    mount -t proc proc "$6/proc"
    for device in null zero full random urandom tty; do
        mount --bind "/dev/$device" "$6/dev/$device"
    done
fi
ip link set lo up
echo booted
read -r plugged
ip addr add "$1/24" dev eth0
ip link set eth0 up
ip route add default via 10.77.0.1
/usr/sbin/chroot "$6" /usr/sbin/sshd -D -e -f "$2" >"$3" 2>&1 &
cat
