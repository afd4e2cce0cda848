# The folder to carry to a machine without Swift, and saddle out of it.

largest=$((64 << 20)) # bytes that may travel
packages=(ocl-icd-libopencl1 clinfo)
# What the tools need of this repository, by the same paths.
carried=(tools/gpu-report tools/gpu_report/{json,parts,driver,training,pack,kept}.bash tools/gpu_report/compiler.py
  tools/gpu_report/programs/{any_fma,nvidia_mma,nvidia_copy,amd_wmma,amd_mfma}.cl
  tools/peers/cuda.py tools/peers/dcgan.py tools/peers/game.py LICENSE)

build() { # SCRATCH [OPTION ...]
  command -v swift >/dev/null ||
    fail "no Swift toolchain here: install Swift 6.2 or newer from swift.org, or run a folder that --pack made"
  tell "building saddle (minutes the first time) ..."
  swift build --package-path "$root" --configuration release --product saddle --scratch-path "$1" "${@:2}" >&2 ||
    fail "the build failed"
}

pack() { # DIR
  [[ ! -e $1 || (-d $1 && -z $(ls -A "$1")) ]] || fail "--pack $1: it exists; name a new folder"
  mkdir -p "$1" && cd "$1" || fail "--pack $1: it cannot be made"
  local binary=${GPU_REPORT_SADDLE:-$root/.build-static/release/saddle}
  [[ ${GPU_REPORT_SADDLE:-} ]] || build "$root/.build-static" --static-swift-stdlib -Xlinker --strip-all
  tell "twenty training steps on this machine's processor, to compare with ..."
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  make_digest "$binary" training "$scratch" 2>"$scratch/log" || fail "training failed: $(tail -1 "$scratch/log")"
  gzip -9 <"$binary" >saddle.gz
  local package file
  for package in "${packages[@]}"; do
    apt-get download --quiet=2 "$package" || fail "apt-get download $package failed: are there package lists (apt-get update)?"
  done
  for file in "${carried[@]}"; do
    [[ $file != */* ]] || mkdir -p "${file%/*}"
    cp "$root/$file" "$file"
  done
  {
    echo "commit $(git -C "$root" describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)"
    swift --version 2>/dev/null | sed -n 1p
    . /etc/os-release && echo "built on $PRETTY_NAME, $(uname -m)"
  } >BUILD
  find . -type f ! -name SHA256SUMS -print0 | sort --zero-terminated | xargs --null sha256sum >SHA256SUMS
  local bytes
  bytes=$(find . -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
  ((bytes < largest)) || fail "$1 holds $((bytes >> 20)) MiB; less than $((largest >> 20)) MiB may travel"
  awk -v bytes="$bytes" -v folder="$1" \
    'BEGIN { printf "%s: %.1f MiB. There: %s/tools/gpu-report --run\n", folder, bytes / 1048576, folder }'
}

# Sets `saddle`: the carried one, unpacked, or this checkout's, built. GPU_REPORT_SADDLE names one for tests.
find_saddle() {
  if [[ ${GPU_REPORT_SADDLE:-} ]]; then
    saddle=$GPU_REPORT_SADDLE
  elif [[ -e $root/Package.swift ]]; then
    build "$root/.build"
    saddle=$root/.build/release/saddle
  else
    (cd "$root" && sha256sum --check --quiet SHA256SUMS >&2) ||
      fail "this folder is damaged: carry it again, whole, as tools/gpu-report --pack made it"
    saddle=$work/saddle
    gzip -d <"$root/saddle.gz" >"$saddle" && chmod +x "$saddle" || fail "saddle cannot be unpacked into $work: see TMPDIR"
  fi
  local said
  said=$("$saddle" --version 2>&1) || fail "saddle does not start here: $said"
}
