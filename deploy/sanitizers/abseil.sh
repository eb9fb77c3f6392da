#!/usr/bin/env bash
# Builds Debian's abseil with ThreadSanitizer into var/tsan/abseil for the preset `tsan`. Does nothing if
# the folder already holds the installed version.
#
# absl::Mutex synchronizes with atomic operations and futexes. ThreadSanitizer sees neither in Debian's
# binaries and reports a data race for nearly every use. The libraries that this script makes have Debian's
# source, patches, options and SONAMEs, so libgrpc++ and libprotobuf of Debian use them too.
set -euo pipefail
cd "$(dirname "$0")/../.."
OUT=$PWD/var/tsan/abseil
JOBS=${JOBS:-$(nproc)}

die() {
  echo "abseil.sh: $*" >&2
  exit 1
}

command -v dpkg-query >/dev/null || die "only Debian and Ubuntu are supported"
VERSION=$(dpkg-query -W -f '${source:Version}' libabsl-dev 2>/dev/null) ||
  die "libabsl-dev is not installed; run make setup"
FLAGS="-fsanitize=thread -fno-omit-frame-pointer -g1"
STAMP="$VERSION $("${CXX:-c++}" -dumpfullversion) $FLAGS"
if [ "$(cat "$OUT/stamp" 2>/dev/null || true)" = "$STAMP" ]; then exit 0; fi

WORK=$PWD/var/tsan/build
rm -rf "$WORK" "$OUT"
mkdir -p "$WORK/parts" "$WORK/lists/partial"
# apt reads the sources from a copy of the configured archives, so that the system's settings stay.
for list in /etc/apt/sources.list.d/*.sources; do
  [ -e "$list" ] || continue
  sed 's/^Types:.*/Types: deb-src/' "$list" >"$WORK/parts/$(basename "$list")"
done
if [ -e /etc/apt/sources.list ]; then
  sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$WORK/parts/sources.list"
fi
OPTIONS=(-o "Dir::Etc::SourceList=/dev/null" -o "Dir::Etc::SourceParts=$WORK/parts"
  -o "Dir::State::Lists=$WORK/lists" -o "Dir::Cache::srcpkgcache=" -o "Dir::Cache::pkgcache=")
echo "abseil $VERSION with ThreadSanitizer (takes minutes; log: $WORK/log)"
(
  cd "$WORK"
  apt-get ${OPTIONS[@]+"${OPTIONS[@]}"} update
  apt-get ${OPTIONS[@]+"${OPTIONS[@]}"} source --download-only "abseil=$VERSION"
  dpkg-source -x abseil_*.dsc source
  # The standard and the options are those of debian/rules.
  cmake -S source -B objects -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_STANDARD=17 \
    -DBUILD_SHARED_LIBS=ON -DCMAKE_CXX_FLAGS="$FLAGS" -DCMAKE_INSTALL_PREFIX="$OUT" \
    -DCMAKE_INSTALL_LIBDIR=lib
  cmake --build objects -j "$JOBS"
  cmake --install objects
) >"$WORK/log" 2>&1 || { tail -n 30 "$WORK/log" >&2; die "failed; full log: $WORK/log"; }
echo "$STAMP" >"$OUT/stamp"
rm -rf "$WORK"
