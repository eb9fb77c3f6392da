#!/usr/bin/env bash
# Compiles the kernels for 64-bit ARM with Debian's cross compiler and runs their tests in QEMU: on
# a processor with all features that QEMU has, and on a Cortex-A53, which has no dot products of
# bytes. Runs on Debian on x86-64; needs g++-aarch64-linux-gnu and qemu-user. The libraries for ARM
# are unpacked below build/arm; nothing is installed.
#
#   tests/engine/kernels/cross_arm/run.sh [arguments of the test binary]
set -euo pipefail
cd "$(dirname "$0")/../../../.."
BUILD=$PWD/build/arm
ROOT=$BUILD/root
LIBRARIES=$ROOT/usr/lib/aarch64-linux-gnu

for tool in aarch64-linux-gnu-g++ qemu-aarch64; do
  command -v $tool > /dev/null || {
    echo "$tool is missing: apt-get install g++-aarch64-linux-gnu qemu-user" >&2
    exit 1
  }
done

if [ ! -e "$BUILD/.unpacked" ]; then
  mkdir -p "$ROOT" "$BUILD/apt/lists/partial" "$BUILD/apt/archives/partial"
  : > "$BUILD/apt/status"
  export APT_CONFIG=$BUILD/apt/apt.conf
  cat > "$APT_CONFIG" <<CONF
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Sandbox::User "root";
Dir::State "$BUILD/apt";
Dir::State::status "$BUILD/apt/status";
Dir::Cache "$BUILD/apt";
CONF
  apt-get -q update
  (cd "$BUILD/apt" && apt-get -q download \
    libabsl-dev libabsl20220623 libhwy-dev libhwy1 libgtest-dev libgmock-dev)
  for package in "$BUILD"/apt/*.deb; do dpkg -x "$package" "$ROOT"; done
  # This library is header-only: the machine's own copy is used.
  mkdir -p "$ROOT/usr/share/cmake"
  cp -r /usr/include/nlohmann "$ROOT/usr/include/"
  cp -r /usr/share/cmake/nlohmann_json "$ROOT/usr/share/cmake/"
  touch "$BUILD/.unpacked"
fi

export PKG_CONFIG_LIBDIR=$LIBRARIES/pkgconfig PKG_CONFIG_SYSROOT_DIR=$ROOT
cmake -G Ninja -S tests/engine/kernels/cross_arm -B "$BUILD/kernels" \
  -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O2 -g1 -DNDEBUG" \
  -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
  -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ \
  -DCMAKE_FIND_ROOT_PATH="$ROOT" -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER \
  -DCMAKE_LIBRARY_ARCHITECTURE=aarch64-linux-gnu \
  -DASSAY_MOLD= \
  -DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=ONLY \
  -DCMAKE_BUILD_RPATH="$LIBRARIES" \
  -DCMAKE_EXE_LINKER_FLAGS="-Wl,-rpath-link,$LIBRARIES -Wl,--disable-new-dtags" \
  -DCMAKE_CROSSCOMPILING_EMULATOR="qemu-aarch64;-L;/usr/aarch64-linux-gnu"
cmake --build "$BUILD/kernels" -j "${JOBS:-2}"

for processor in max cortex-a53; do
  echo "== $processor"
  qemu-aarch64 -cpu $processor -L /usr/aarch64-linux-gnu \
    "$BUILD/kernels/tests/engine_kernels_test" "$@"
done
