#!/usr/bin/env bash
# Builds the Debian package of this source tree: bash pipeline/packaging/deb.sh [FOLDER [REVISION]]
# It writes FOLDER/inbeeld_<version>-<revision>_<architecture>.deb (by default ./ and 1) and prints its name.
#
# The same commit, Go, compiler and DEBEMAIL give the same bytes. Needs Go, g++ and dpkg-dev.
#   SOURCE_DATE_EPOCH  time of the files in the package; default that of the last commit
#   DEBEMAIL           maintainer, as 'Name <address>'; default the author of the last commit
set -euo pipefail
umask 022
export LC_ALL=C.UTF-8 TZ=UTC
out=$(realpath "${1:-.}")
revision=${2:-1}
here=$(dirname "$(realpath "$0")")
cd "$here/../.."

for tool in go g++ dpkg-deb dpkg-shlibdeps gzip; do
	command -v "$tool" >/dev/null || { echo "deb.sh: $tool is missing; install golang, g++ and dpkg-dev" >&2; exit 1; }
done
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
maintainer=${DEBEMAIL:-$(git log -1 --format='%an <%ae>')}
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
doc=$root/usr/share/doc/inbeeld
install -d -m 0755 "$root"/{DEBIAN,usr/bin,etc/inbeeld,usr/lib/systemd/system,usr/share/man/man1} "$doc" \
	"$root"/usr/share/{bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d,lintian/overrides}

go build -trimpath -ldflags='-s -w' -o "$root/usr/bin/inbeeld" ./pipeline/cmd/inbeeld
program=$root/usr/bin/inbeeld
version=$("$program" version | sed -n 's/^inbeeld \([^,]*\),.*/\1/p')-$revision

"$program" man --out "$root/usr/share/man/man1"
gzip -9n "$root"/usr/share/man/man1/*.1
"$program" completion bash >"$root/usr/share/bash-completion/completions/inbeeld"
"$program" completion zsh >"$root/usr/share/zsh/vendor-completions/_inbeeld"
"$program" completion fish >"$root/usr/share/fish/vendor_completions.d/inbeeld.fish"

sed 's|/usr/local/bin/inbeeld|/usr/bin/inbeeld|' pipeline/internal/serve/systemd/inbeeld.service >"$root/usr/lib/systemd/system/inbeeld.service"
install -m 0644 "$here/debian/inbeeld.yaml" "$root/etc/inbeeld/inbeeld.yaml"
install -m 0644 README.md "$doc"
gzip -9nc CHANGELOG.md >"$doc/changelog.gz"
install -m 0644 pipeline/internal/serve/README.md "$doc/service.md"
{ cat "$here/debian/copyright"; sed 's/^$/./; s/^/ /' LICENSE; } >"$doc/copyright"
printf 'inbeeld (%s) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- %s  %s\n' \
	"$version" "$maintainer" "$(date -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.Debian.gz"
install -m 0644 "$here/debian/lintian-overrides" "$root/usr/share/lintian/overrides/inbeeld"

install -m 0755 "$here"/debian/{postinst,prerm,postrm} "$root/DEBIAN"
echo /etc/inbeeld/inbeeld.yaml >"$root/DEBIAN/conffiles"
(cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
architecture=$(dpkg --print-architecture)
mkdir "$work/debian"
printf 'Source: inbeeld\n\nPackage: inbeeld\nArchitecture: any\n' >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O "$program" 2>"$work/shlibdeps" || { cat "$work/shlibdeps" >&2; exit 1; })
cat >"$root/DEBIAN/control" <<CONTROL
Package: inbeeld
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -sk --apparent-size "$root" | cut -f1)
Depends: ${depends#shlibs:Depends=}, adduser, ca-certificates
Section: database
Priority: optional
$(cat "$here/debian/description")
CONTROL

package=$out/inbeeld_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$root" "$package" >/dev/null
echo "$package"
