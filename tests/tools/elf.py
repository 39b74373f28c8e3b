"""The dynamic section of an ELF file: which libraries it loads."""
import struct

NEEDED, STRTAB, RPATH, RUNPATH = 1, 5, 15, 29


def dynamic(path):
    """(names of needed libraries, elements of RPATH and RUNPATH), or None where the file is no ELF file of 64 bits, little-endian,
    that is linked dynamically."""
    data = path.read_bytes()
    if data[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<H", data, 16)[0] not in (2, 3):
        return None
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    segments = [struct.unpack_from("<IIQQQQ", data, offset + i * size) for i in range(count)]
    entries = [struct.unpack_from("<QQ", data, start + i) for kind, _, start, _, _, length in segments if kind == 2
               for i in range(0, length, 16)]
    if not entries:
        return None
    address = dict(entries)[STRTAB]
    strings = next(address - virtual + start for kind, _, start, virtual, _, length in segments
                   if kind == 1 and virtual <= address < virtual + length)

    def text(at):
        return data[strings + at:data.index(b"\0", strings + at)].decode()
    return ([text(at) for tag, at in entries if tag == NEEDED],
            [element for tag, at in entries if tag in (RPATH, RUNPATH) for element in text(at).split(":")])
