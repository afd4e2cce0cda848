# Twenty training steps of DCGAN-32, whose checkpoint must be the processor's, byte for byte.

# Noise, the same wherever and whenever it is made: 128 pictures of 32 x 32 grey bytes, of a congruential generator whose
# numbers fit awk's.
make_images() { # FOLDER
  mkdir -p "$1" || return
  printf "$(LC_ALL=C awk 'BEGIN {
    printf "\\000\\000\\010\\003\\000\\000\\000\\200\\000\\000\\000\\040\\000\\000\\000\\040"
    for (x = 1; i < 128 * 32 * 32; ++i) { x = (69069 * x + 1) % 4294967296; printf "\\%03o", int(x / 16777216) }
  }')" >"$1/train-images-idx3-ubyte"
}

# Trains, and leaves the checkpoint as NAME.safetensors in the folder.
train() { # SADDLE DEVICE IMAGES FOLDER NAME
  "$1" train fashion --data "$3" --steps 20 --set training.batch=16 --set output.sample-every=0 --device "$2" \
    --out "$4/$5" >/dev/null || return
  mv "$4/$5/checkpoints/step-00000020.safetensors" "$4/$5.safetensors"
}

digest() { sha256sum "$1" | cut -d' ' -f1; } # FILE

# What a machine without a processor's checkpoint can compare with.
make_digest() { # SADDLE FOLDER SCRATCH
  make_images "$2/images" && train "$1" cpu "$2/images" "$3" cpu && digest "$3/cpu.safetensors" >"$2/checkpoint"
}

# The last line that it prints says how it came out. Where the checkpoints differ, the processor of this machine has its
# say too: the fault may be the carried folder's.
compare_training() { # SADDLE DEVICE SCRATCH [CARRIED]
  local carried=${4:-} images=$3/images expected='' first
  mkdir -p "$3" || return
  if [[ $carried ]]; then
    images=$carried/images expected=$(<"$carried/checkpoint")
  else
    make_images "$images" || return
  fi
  train "$1" "$2" "$images" "$3" device || return
  local found
  found=$(digest "$3/device.safetensors")
  echo "checkpoint on the device: $found"
  if [[ $found != "$expected" ]]; then
    train "$1" cpu "$images" "$3" cpu || return
    [[ $expected ]] || expected=$(digest "$3/cpu.safetensors")
    echo "checkpoint on the processor: $expected"
    if [[ $expected != "$(digest "$3/cpu.safetensors")" ]]; then
      echo "this machine's processor does not give the carried checkpoint: $(digest "$3/cpu.safetensors")"
      return 1
    fi
  fi
  if [[ $found != "$expected" ]]; then
    first=$(cmp "$3/device.safetensors" "$3/cpu.safetensors" | sed -E 's/.* (byte|char) ([0-9]+).*/\2/') || true # cmp returns 1
    echo "after 20 steps of DCGAN-32 the checkpoint is not the processor's: they differ from byte $first on"
    return 1
  fi
  echo "after 20 steps of DCGAN-32 the checkpoint is the processor's, byte for byte"
}
