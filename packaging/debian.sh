#!/bin/sh
# Builds the Debian packages into build/package, without root: ./run package. With --check it then unpacks them below
# build/package/root, as dpkg -i would onto a system with their dependencies, and builds and runs tests/consumer there with
# pkg-config alone; and asks lintian, where it is installed.
#
# dpkg-buildpackage leaves its results beside the folder it builds, so it gets a copy, of what git knows or would add.
set -eu
cd "$(dirname "$0")/.."
out=$PWD/build/package
version=$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)
project=$(sed -n 's/^project(ssrstore VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
[ "$version" = "$project" ] || { echo "debian/changelog is of $version, CMakeLists.txt of $project" >&2; exit 1; }

rm -rf "$out" && mkdir -p "$out/ssrstore-$version"
git ls-files -z --cached --others --exclude-standard | xargs -0 -I{} sh -c '[ ! -e "$1" ] || echo "$1"' sh {} >"$out/files"
tar -cf - -T "$out/files" | tar -xf - -C "$out/ssrstore-$version"
if ! (cd "$out/ssrstore-$version" && dpkg-buildpackage -b -us -uc) >"$out/log" 2>&1; then
    tail -n 40 "$out/log" >&2
    exit 1
fi
rm -rf "$out/ssrstore-$version" "$out/files"
ls "$out"/*.deb
[ "${1-}" = --check ] || exit 0

root=$out/root
for package in "$out"/libssrstore0_*.deb "$out"/libssrstore-dev_*.deb "$out"/ssrstore-tools_*.deb; do
    dpkg -x "$package" "$root"
done
sh tests/consumer/consumer.sh "$root/usr" --installed
for program in ssrstore ssrdemo; do
    "$root/usr/bin/$program" --help >/dev/null && test -s "$root/usr/share/man/man1/$program.1.gz"
done
if command -v lintian >/dev/null 2>&1; then
    # The maintainers have no address here.
    lintian --fail-on error --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog "$out"/*.changes
fi
