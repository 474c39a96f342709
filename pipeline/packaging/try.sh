#!/usr/bin/env bash
# Tries a package in a separate system: bash pipeline/packaging/try.sh ROOT OLD.deb NEW.deb
# It installs, runs the demo as the user of the service, upgrades, removes, installs again and purges, and
# checks after each step what exists. It needs root. ROOT is a disposable Debian, made with:
# debootstrap --variant=minbase --include=adduser,ca-certificates stable ROOT
set -euo pipefail
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
root=$(realpath "$1")
[ "$root" != / ] || { echo "try.sh: not on this system itself" >&2; exit 2; }
install -m 0644 "$2" "$root/tmp/old.deb"
install -m 0644 "$3" "$root/tmp/new.deb"

inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/root chroot "$root" "$@"; }
as_user() { inside runuser -u inbeeld -- sh -c "cd /var/lib/inbeeld && $1"; }
fail() { echo "try.sh: $*" >&2; exit 1; }
is() { [ "$2" = "$3" ] || fail "$1: $2, not $3"; }

inside dpkg -i /tmp/old.deb
is "the data directory" "$(inside stat -c '%U:%G %a' /var/lib/inbeeld)" "inbeeld:inbeeld 700"
is "the data directory was made by" "$(inside stat -c %U /var/lib/inbeeld/landing)" inbeeld
is "libraries that are missing" "$(inside ldd /usr/bin/inbeeld | grep -c 'not found' || true)" 0
inside inbeeld version
for page in inbeeld inbeeld-run inbeeld-deliveries-withdraw; do
	[ -s "$root/usr/share/man/man1/$page.1.gz" ] || fail "there is no manual page $page"
done
inside bash -n /usr/share/bash-completion/completions/inbeeld
as_user 'inbeeld demo --data /tmp/demo --log error' | tail -n 2
[ -e "$root/tmp/demo/marts/current/trechter.parquet" ] || fail "the demo published nothing"
as_user 'inbeeld plan --data /var/lib/inbeeld' >/dev/null || fail "the data directory is of no use"
as_user 'inbeeld versions --data /tmp/demo' | tail -n 1

# An upgrade keeps the configuration and the data.
echo '# ours' >>"$root/etc/inbeeld/inbeeld.yaml"
echo kept >"$root/var/lib/inbeeld/decisions/ours"
inside dpkg -i /tmp/new.deb
is "the last line of the configuration" "$(tail -n 1 "$root/etc/inbeeld/inbeeld.yaml")" '# ours'
is "what was in the data directory" "$(cat "$root/var/lib/inbeeld/decisions/ours")" kept

# Removed: the program is gone; configuration and data stay.
inside dpkg -r inbeeld
[ ! -e "$root/usr/bin/inbeeld" ] || fail "the program is still there"
[ -e "$root/etc/inbeeld/inbeeld.yaml" ] || fail "the configuration is gone after a removal"
inside dpkg -i /tmp/new.deb

# Purged: the configuration is gone too. Data is never deleted by a package.
inside dpkg -P inbeeld
[ ! -e "$root/etc/inbeeld/inbeeld.yaml" ] || fail "the configuration is still there after a purge"
[ ! -L "$root/var/lib/inbeeld/inbeeld.yaml" ] || fail "the link to the configuration is still there"
is "what was in the data directory" "$(cat "$root/var/lib/inbeeld/decisions/ours")" kept
is "files of the package that are left" "$(inside find /usr/bin /usr/lib/systemd /usr/share/man /usr/share/doc /usr/share/bash-completion -name '*inbeeld*' | wc -l)" 0
inside rm -rf /var/lib/inbeeld /tmp/demo /tmp/old.deb /tmp/new.deb
echo "installed, used, upgraded, removed and purged"
