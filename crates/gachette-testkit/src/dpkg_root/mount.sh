# Makes a root of its own in the folder $1 out of this machine's programs, inside the mount namespace it is run in, and
# stays in it until its input ends. $2 is `user` when the namespace belongs to an ordinary user.
set -eu
folder=$1 kind=$2 root=$1/root changes=$1/changes
mount -t tmpfs -o mode=0755 tmpfs "$folder"
mkdir "$root" "$changes"

# The machine's programs, with room for changes that stay in the tmpfs.
with_overlay() {
    mkdir "$root/$1" "$changes/$1" "$changes/work-$1"
    mount -t overlay -o "lowerdir=/$1,upperdir=$changes/$1,workdir=$changes/work-$1" overlay "$root/$1"
}

# The same where no overlay can be had, for the folders that packages usually write to: links to a read-only mount.
with_links() {
    mkdir -p "$root/machine/$1"
    mount --rbind "/$1" "$root/machine/$1"
    mount -o remount,bind,ro "$root/machine/$1" 2>/dev/null || :
    for below in . bin sbin lib lib/systemd lib/systemd/system share local local/bin; do
        if [ -d "/$1/$below" ] && [ ! -L "/$1/$below" ]; then
            mkdir -p "$root/$1/$below"
            for entry in "/$1/$below"/*; do
                name=${entry##*/}
                case " $folders " in *" $below/$name "*) continue ;; esac
                echo "/machine/$1/$below/$name"
            done | xargs -r ln -s -t "$root/$1/$below"
        fi
    done
    mkdir -p "$root/$1/share/doc" "$root/$1/lib/systemd/system"
}
folders="./bin ./sbin ./lib lib/systemd lib/systemd/system ./share share/doc ./local local/bin"

for top in usr bin sbin lib lib32 lib64 libx32; do
    if [ -L "/$top" ]; then
        cp -P "/$top" "$root/$top"
    elif [ -d "/$top" ]; then
        if [ "$kind" = user ] || ! with_overlay "$top" 2>/dev/null; then with_links "$top"; fi
    fi
done
# An ordinary user cannot read all of it, and need not.
cp -a /etc "$root/etc" 2>/dev/null || :

cd "$root"
mkdir -p dev proc run sys boot home media mnt opt root srv tmp old
mkdir -p var/cache var/log var/mail var/spool var/tmp var/lib/misc
mkdir -p var/lib/dpkg/info var/lib/dpkg/updates var/lib/dpkg/triggers var/lib/dpkg/alternatives
: >var/lib/dpkg/status
chmod 1777 tmp var/tmp
chmod 0700 root
ln -s ../run var/run
for device in null zero full random urandom tty; do
    : >"dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
ln -s /proc/self/fd dev/fd
# Where a container forbids a /proc of one's own, its own has to do.
mount -t proc proc proc 2>/dev/null || mount --rbind /proc proc
# invoke-rc.d asks this program whether services may be started: never.
rm -f usr/sbin/policy-rc.d
printf '#!/bin/sh\nexit 101\n' >usr/sbin/policy-rc.d
chmod 0755 usr/sbin/policy-rc.d

mount --rbind . .
cd "$root"
pivot_root . old
umount -l old
rmdir old
echo ready
exec cat
