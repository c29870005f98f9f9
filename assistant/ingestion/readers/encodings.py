"""Encodings of text files: what a file is written in, by its mark, by what it says itself, by its bytes."""

from __future__ import annotations

import codecs
import io
import re
from typing import Any, BinaryIO

import chardet
import charset_normalizer

PIECE = 1 << 20  # bytes read at once
SAMPLE = 1 << 16  # bytes that an encoding is told from
HEAD = 1 << 12  # bytes in which a file may name its encoding
TEXT_HEAD = 1 << 16  # bytes that tell a text from what is none
MEDIA_HEAD = 1 << 12  # bytes that tell a picture
FEW_CONTROLS = 1  # of a text, however short
CONTROLS = 100  # of so many characters of a text, at most one is a control character

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
PROGRAMS = frozenset(
    "application/" + kind
    for kind in ("x-elf", "vnd.microsoft.portable-executable", "x-mach-binary", "wasm", "java-vm", "vnd.android.dex")
)
BEGINNINGS_OF_PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")  # also of such as are cut off
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
# What files of today and of the last thirty years are written in; chardet knows rarer ones, which fit by chance.
LIKELY = (
    "big5", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1257", "cp437", "cp932", "cp949", "euc-jp", "gb18030",
    "iso8859-2", "koi8-r", "mac-roman",
)  # fmt: skip
RARE = {"cp1257", "cp437", "mac-roman"}
SEVERAL_BYTES = {"big5", "cp932", "cp949", "euc_jis_2004", "euc_jp", "euc_kr", "gb18030", "johab", "shift_jis"}
UNSURE = 0.02  # chardet's confidence below which a short sample says nothing
NO_MATCH = 0.1  # chardet's confidence where nothing fits
FEWEST = 8  # bytes beyond ASCII of a sample in an encoding of several bytes a character
NAMED = re.compile(rb"(?mi)^[%#@/;][^\n]{0,80}?\b(?:en)?coding\s*[:=]\s*[\"']?([\w.:-]{2,40})")
HANJA = re.compile("[\u4e00-\u9fff\uf900-\ufaff]")
NULS = re.compile(rb"\0+")
CONTROL_BYTES = bytes([*range(9), *range(14, 27), *range(28, 32), 127])  # all but white space and the sign of ISO 2022
PRINTABLE = bytes([9, 10, 13, *range(32, 127)])  # half the bytes at most of a text with two to the character
NUL = b"\0"
NOT_OF_XML = bytes([*range(9), 11, 12, *range(16, 27), *range(28, 32)])
"""What XML forbids; three more are signs of ISO 2022, in which it may be written."""

CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff]")


def wide_encoding(head: bytes) -> str:
    """Return the encoding of a text with two or four bytes to the character, told from its beginning; "" for others."""
    mark = next((encoding for mark, encoding in BYTE_ORDER_MARKS.items() if head.startswith(mark)), "")
    if mark or NUL not in head or len(head.translate(None, PRINTABLE)) * 5 < len(head):
        return mark
    head = head[: TEXT_HEAD // 4 * 4]
    best = chardet.detect(head, include_encodings=WIDE, compat_names=False, no_match_encoding=WIDE[0])
    found = best["encoding"]
    if found not in WIDE or best["confidence"] <= NO_MATCH:
        return ""
    text = head[: len(head) // 4 * 4].decode(found, "ignore")
    return found if len(CONTROL.findall(text)) * CONTROLS <= len(text) else ""


def is_media(head: bytes) -> bool:
    """Tell whether a file that begins so is a picture, a sound, a film, a font or a program."""
    if b"\0" not in head and not head.startswith(BEGINNINGS_OF_PICTURES):
        return False
    kind = chardet.detect(head[:MEDIA_HEAD])["mime_type"] or ""
    return kind.startswith(("image/", "audio/", "video/", "font/")) or kind in PROGRAMS


def controls_in(piece: bytes) -> int:
    """Return how many control characters a piece holds; NULs behind one another, as at a file's end, are one."""
    piece = NULS.sub(NUL, piece)
    return len(piece) - len(piece.translate(None, CONTROL_BYTES))


def is_text(head: bytes) -> bool:
    """Tell whether a beginning may be that of a text: with NULs in it, where there are few control characters."""
    return NUL not in head or controls_in(head) <= max(FEW_CONTROLS, len(head) // CONTROLS)


class WithoutBytes(io.RawIOBase):
    """A stream of bytes without some that do not belong into a text."""

    def __init__(self, stream: BinaryIO, unwanted: bytes) -> None:
        self._stream = stream
        self._unwanted = unwanted

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that one can go back to its beginning."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go back to the beginning."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Return how far the stream was read."""
        return self._stream.tell()

    def readinto(self, buffer: Any) -> int:
        """Read into `buffer`; 0 at the end."""
        while piece := self._stream.read(len(buffer)):
            if kept := piece.translate(None, self._unwanted):
                buffer[: len(kept)] = kept
                return len(kept)
        return 0


def find_encoding(stream: BinaryIO) -> tuple[str, str]:
    """Return the encoding, and a notice where it is not plain UTF-8; no encoding for what is not text.

    A few NULs make no binary file of a text.
    A file is UTF-8 with some damage if more of its lines with letters beyond ASCII are valid UTF-8 than are not.
    Otherwise it is what it says it is written in ("% Encoding: windows-1250") if that fits, or what its bytes tell.
    """
    is_valid, has_nul = _is_utf8(stream)
    with_nul = "it holds NUL characters, which were left out" if has_nul else ""
    if is_valid is not None:
        return ("utf-8-sig", with_nul) if is_valid else ("", "")
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    valid, invalid, head, sample, last = 0, 0, b"", b"", b""
    while piece := stream.readline(PIECE):
        piece = piece.replace(NUL, b"")
        head += piece if len(head) < HEAD else b""
        last = piece
        try:
            valid += not decoder.decode(piece).isascii()
        except UnicodeDecodeError:
            decoder.reset()
            invalid += 1
            sample += piece if len(sample) < SAMPLE else b""
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        invalid, sample = invalid + 1, sample + last
    if not invalid:
        return "utf-8-sig", with_nul
    with_nul = f"; {with_nul}" if with_nul else ""
    if valid > invalid or (valid and sample == last):
        return (
            "utf-8-sig",
            f"{invalid} line(s) hold bytes that are not UTF-8; those bytes are shown as \ufffd{with_nul}",
        )
    sample = sample[:SAMPLE]
    encoding = _named(head[:HEAD], sample) or _guessed(sample)
    return encoding, f"not UTF-8; read as {encoding}{with_nul}"


def _is_utf8(stream: BinaryIO) -> tuple[bool | None, bool]:
    """Tell whether all of a stream is UTF-8, and whether it holds a NUL.

    False for what is not text, None for text in another encoding.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    size, controls, is_utf8, has_nul = 0, 0, True, False
    while True:
        piece = stream.read(PIECE)
        size += len(piece)
        if NUL in piece:
            has_nul = True
            controls += controls_in(piece)
            if controls > max(FEW_CONTROLS, size // CONTROLS):
                return False, True
        try:
            if is_utf8:
                decoder.decode(piece, final=not piece)
        except UnicodeDecodeError:
            is_utf8 = False
        if not piece:
            return is_utf8 or None, has_nul


def _named(head: bytes, sample: bytes) -> str:
    """Return the encoding that a file names in its first lines, if it fits; else ""."""
    for name in NAMED.findall(head):
        try:
            encoding = codecs.lookup(name.decode("ascii")).name
            sample[: sample.rfind(b"\n") + 1 or None].decode(encoding)
        except (LookupError, UnicodeError, ValueError):
            continue
        return "cp1252" if encoding == "iso8859-1" else encoding
    return ""


def _guessed(sample: bytes) -> str:
    """Return the likeliest encoding of these lines, which all hold bytes beyond ASCII; "" for what is not text.

    The fewer such bytes there are, the more encodings fit, and the more Western European text is likelier than what
    else does. Korean is hardly ever written with Chinese characters today, so "Korean" that has some is Chinese.
    """
    beyond = sum(byte > 127 for byte in sample)
    weight = 1.3 + 2 / (1 + beyond / 20)
    shares = {"cp1252": weight} | dict.fromkeys(RARE, 1 / weight)
    found = chardet.detect_all(sample, ignore_threshold=True, include_encodings=LIKELY, compat_names=False)
    fitting: dict[str, float] = {}
    for each in found:
        if each["encoding"]:
            name = codecs.lookup(each["encoding"]).name
            fitting[name] = max(fitting.get(name, 0.0), each["confidence"] * shares.get(name, 1.0))
    first = max(fitting, key=lambda name: fitting[name], default="")
    if not fitting or found[0]["confidence"] < UNSURE or found[0]["confidence"] == NO_MATCH:
        other = next((match.encoding for match in charset_normalizer.from_bytes(sample)), "")
        if not fitting or (other in SEVERAL_BYTES and beyond >= FEWEST):
            first = other
    if first in ("cp949", "johab", "euc_kr") and HANJA.search(sample.decode("cp949", "replace")):
        return "gb18030"
    return first
