"""Sets of numbers in little memory: which records of a dump were met."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from uuid import UUID


class Numbers:
    """Numbers from 0 on, a bit each."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> bool:
        """Add a number; False if it was there."""
        byte, bit = number >> 3, 1 << (number & 7)
        if byte >= len(self._bits):
            self._bits.extend(bytes(byte + 65_536 - len(self._bits)))
        if self._bits[byte] & bit:
            return False
        self._bits[byte] |= bit
        return True

    def __contains__(self, number: int) -> bool:
        byte = number >> 3
        return byte < len(self._bits) and bool(self._bits[byte] & 1 << (number & 7))


class Uuids:
    """UUIDs, 8 bytes of each: of 10 million two are taken for one with a chance of 1 in 300,000."""

    def __init__(self) -> None:
        self._halves: array[int] = array("Q")
        self._sorted = True

    def add(self, text: str) -> None:
        """Add one."""
        self._halves.append(_half(text))
        self._sorted = False

    def __contains__(self, text: str) -> bool:
        if not self._sorted:
            self._halves = array("Q", sorted(self._halves))
            self._sorted = True
        half = _half(text)
        place = bisect_left(self._halves, half)
        return place < len(self._halves) and self._halves[place] == half


def _half(text: str) -> int:
    return UUID(text).int & 0xFFFF_FFFF_FFFF_FFFF
