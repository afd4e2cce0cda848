# The machine's OpenCL: its loader and driver are found, completed where something can be, and what lacks is said.

lacking='' # a sentence about what keeps the driver from compiling

# A driver that takes saddle down with it, or hangs, leaves its last words among the facts.
list_devices() {
  local status=0
  timeout --kill-after=1 "$(paced 20)" "$saddle" devices >"$work/devices" 2>"$work/messages" || status=$?
  ((status)) || return 0
  local words="saddle devices ended with $status"
  ((status != 124 && status != 137)) || words="saddle devices was stopped at its limit of 20 s"
  ((status <= 128 || status == 137)) ||
    words="saddle devices was ended by signal $((status - 128)) ($(kill -l $((status - 128))))"
  tell "$words"
  { echo "failed: $words" && sed 's/^/failed: /' "$work/messages"; } >>"$work/devices"
}

has_loader() { ! grep --quiet "no OpenCL on this machine" "$work/devices"; }
has_devices() { grep --quiet '^opencl:' "$work/devices"; }

# Unpacks the carried packages: the loader is used where the machine has none.
unpack() {
  local file member
  for file in "$root"/*.deb; do
    if command -v dpkg-deb >/dev/null; then
      dpkg-deb -x "$file" "$work/system" && continue
    elif command -v ar >/dev/null; then
      member=$(ar t "$file" | grep '^data\.tar') && mkdir -p "$work/system" && ar p "$file" "$member" >"$work/$member" &&
        tar -x -f "$work/$member" -C "$work/system" && continue
    fi
    tell "$file cannot be unpacked: neither dpkg-deb nor ar with tar can do it here"
  done
}

use_carried_loader() {
  local loader=("$work"/system/usr/lib/*/libOpenCL.so.1)
  ((${#loader[@]})) && [[ -z ${SADDLE_OPENCL_LIBRARY:-} ]] || return 0
  tell "this machine has no OpenCL loader: taking the carried one"
  export SADDLE_OPENCL_LIBRARY=${loader[0]} LD_LIBRARY_PATH=${loader[0]%/*}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
}

known_libraries() { /sbin/ldconfig -p 2>/dev/null || true; }

# Files of NVIDIA's driver that OpenCL takes, wherever containers and distributions put them.
driver_files() {
  local folder file path=()
  IFS=: read -r -a path <<<"${LD_LIBRARY_PATH:-}"
  {
    for folder in "${path[@]}" /usr/lib/*-linux-gnu /usr/lib/*-linux-gnu/nvidia/current /usr/lib64 /usr/lib /lib64 \
      /usr/local/nvidia /usr/local/nvidia/lib64 /usr/local/nvidia/lib /usr/local/cuda*/compat /usr/local/cuda*/lib64 \
      /usr/lib/wsl/lib /opt/nvidia/lib* /run/opengl-driver/lib; do
      for file in "$folder"/lib{nvidia-{opencl,nvvm,compiler,ptxjitcompiler},cuda}.so*; do echo "$file"; done
    done
    known_libraries | sed -n 's/.*=> \(.*\/lib\(nvidia-[a-z]*\|cuda\)\.so.*\)/\1/p'
  } | awk '!seen[$0]++'
}

# Containers often come with NVIDIA's driver where the linker does not look, and without the file by which a loader knows
# it. Saddle adds that file itself where the linker finds the driver; here clinfo gets it too, by the whole path.
complete_driver() {
  [[ -z ${OCL_ICD_VENDORS:-}${OCL_ICD_FILENAMES:-}${OPENCL_VENDOR_PATH:-} ]] || return 0
  local driver
  driver=$(driver_files | awk '/\/libnvidia-opencl/ && !found++') # reads on: a closed pipe would count as a failure
  [[ $driver ]] || return 0
  known_libraries | grep libnvidia-opencl.so.1 >/dev/null ||
    export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}${driver%/*}
  ! grep --quiet --no-messages libnvidia-opencl /etc/OpenCL/vendors/*.icd || return 0
  tell "NVIDIA's driver has no vendor file: naming $driver to the loader"
  mkdir "$work/vendors"
  local files=(/etc/OpenCL/vendors/*.icd)
  ((${#files[@]} == 0)) || cp "${files[@]}" "$work/vendors"
  echo "$driver" >"$work/vendors/nvidia.icd"
  export OCL_ICD_VENDORS=$work/vendors
}

# What the containers of NVIDIA's driver must be told.
remedy="in containers start with NVIDIA_DRIVER_CAPABILITIES=compute,utility or apptainer's --nv, elsewhere install the"
remedy+=" driver's compute packages whole"

# What keeps NVIDIA's OpenCL from compiling: its compiler is in files of their own, and without them every build fails with
# an empty log. Drivers before 525 have libnvidia-compiler instead.
find_lacking() {
  grep --quiet '/libnvidia-opencl\.so' "$work/driver_files" || return 0
  local names=()
  grep --quiet -E '/libnvidia-(nvvm|compiler)\.so' "$work/driver_files" || names+=(libnvidia-nvvm.so.4)
  grep --quiet '/libnvidia-ptxjitcompiler\.so' "$work/driver_files" || names+=(libnvidia-ptxjitcompiler.so.1)
  ((${#names[@]})) || return 0
  local list=${names[*]}
  lacking="NVIDIA's driver is here without its compiler (${list/ / and }), so that no kernel can be built: $remedy"
}

has_card() { grep --quiet --no-messages -i "$1" /sys/class/drm/card*/device/vendor /sys/bus/pci/devices/*/vendor; } # VENDOR

# Why there is no OpenCL device, and what helps.
no_devices() {
  local failure
  failure=$(sed -n 's/^failed: //p' "$work/devices" | head -1)
  if [[ $failure ]]; then
    echo "OpenCL devices cannot be listed: $failure"
  elif ! has_loader; then
    if [[ ${SADDLE_OPENCL_LIBRARY:-} ]]; then
      echo "SADDLE_OPENCL_LIBRARY names $SADDLE_OPENCL_LIBRARY, which is no OpenCL library that can be loaded"
    else
      echo "there is no OpenCL loader on this machine: install ocl-icd-libopencl1 and the card's driver"
    fi
  elif grep --quiet '/libnvidia-opencl\.so' "$work/driver_files"; then
    echo "NVIDIA's OpenCL driver is here but finds no card: see whether nvidia-smi lists one and /dev/nvidia* can be opened"
  elif grep --quiet '/libcuda\.so' "$work/driver_files"; then
    echo "NVIDIA's driver is here without its OpenCL part (libnvidia-opencl.so.1): $remedy"
  elif has_card 0x10de; then
    echo "this machine has NVIDIA's card and no OpenCL driver: $remedy"
  elif has_card 0x1002; then
    echo "this machine has AMD's card and no OpenCL driver: install rocm-opencl-runtime, and see whether /dev/kfd can be opened"
  else
    echo "no OpenCL driver on this machine: install the card's (nvidia-opencl-icd, rocm-opencl-runtime, intel-opencl-icd)"
  fi
}

# Says what OpenCL is here, as a part of its own.
report_devices() {
  local result
  result=$(strings <"$work/devices")
  : >"$work/messages"
  if ! has_devices; then
    tell "THERE IS NO OPENCL DEVICE: only PyTorch can be measured."
    record opencl failed "$(no_devices)" $((SECONDS * 1000)) "$result"
  elif [[ $lacking ]]; then
    record opencl failed "$lacking" $((SECONDS * 1000)) "$result"
  elif ! grep --quiet -E '^    (GPU|accelerator),' "$work/devices"; then
    record opencl done "OpenCL finds only processors here, no GPU" $((SECONDS * 1000)) "$result"
  else
    record opencl done "" $((SECONDS * 1000)) "$result"
  fi
}

# Finds all there is to find before anything is measured.
prepare_driver() {
  list_devices
  unpack
  if ! has_loader; then
    use_carried_loader
    list_devices
  fi
  if ! has_devices || ! grep --quiet -i nvidia "$work/devices"; then
    complete_driver
    list_devices
  fi
  cat "$work/devices" >&2
  clinfo=$work/system/usr/bin/clinfo
  [[ -e $clinfo ]] || clinfo=clinfo
  driver_files >"$work/driver_files"
  find_lacking
}
