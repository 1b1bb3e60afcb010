#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Has scapy read files; for each there is a line: the number of its packets, and
what scapy complained of, if it did.
  scapy_reads.py FILE...
"""
import io
import logging
import struct
import sys

# Whether this machine has a network is not the matter.
logging.getLogger("scapy.loading").setLevel(logging.ERROR)
try:
    from scapy.layers import inet, inet6
    from scapy.utils import PcapReader, RawPcapReader
except ImportError:
    sys.exit("scapy is not installed")

# As many are taken apart, which takes its time; all are counted.
TAKEN_APART = 1000


class Said(logging.Handler):
    """All that scapy says, once each."""

    def __init__(self):
        super().__init__()
        self.texts = set()
        self.log = logging.getLogger("scapy.runtime")
        self.log.handlers.clear()
        self.log.propagate = False
        self.log.filters.clear()
        self.log.addHandler(self)

    def emit(self, record):
        self.texts.add(record.getMessage())


def block(kind, body):
    """A block of PCAP-NG."""
    length = 12 + len(body)
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def read_all(file):
    """The number of packets in a file."""
    reader = RawPcapReader(file)
    return sum(1 for _ in reader)


def of_any_comment(said):
    """
    What is said of a file with nothing but a comment: scapy 2.5 wants each to
    end with a newline, which nobody writes, Wireshark neither.
    """
    comment = struct.pack("<HH4sHH", 1, 4, b"word", 0, 0)
    read_all(io.BytesIO(
        block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)) +
        block(1, struct.pack("<HHI", 101, 0, 0)) +
        block(6, struct.pack("<5I", 0, 0, 0, 0, 0) + comment)))
    texts, said.texts = said.texts, set()
    return texts


def main():
    """A line for each file."""
    said = Said()
    excused = of_any_comment(said)
    for name in sys.argv[1:]:
        said.texts = set()
        try:
            with PcapReader(name) as reader:
                for _, packet in zip(range(TAKEN_APART), reader):
                    if not isinstance(packet, (inet.IP, inet6.IPv6)):
                        said.texts.add("does not know what packets are")
            count = read_all(name)
        except Exception as error:  # pylint: disable=broad-except
            count = -1
            said.texts.add(str(error))
        print(count, *sorted(said.texts - excused))


if __name__ == "__main__":
    main()
