"""What kind of file some bytes are, told from the bytes alone: a name or a header of a request can lie."""

from __future__ import annotations

import struct
from typing import Final, Literal, TypeAlias, cast

Format: TypeAlias = Literal["jpeg", "png", "webp", "heic", "avif", "tiff", "bmp", "gif"]
"""The kinds of photo that Offcut reads."""

_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_BRAND_KINDS: Final = {
    b"crx ": "raw",
    b"qt  ": "mov",
    b"M4A ": "m4a",
    b"3gp4": "3gp",
    b"3gp5": "3gp",
    b"3gp6": "3gp",
}

_PHOTOS: Final[tuple[tuple[bytes, Format], ...]] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
)

_OTHERS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF-", "pdf"),
    (b"8BPS", "psd"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"Rar!", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"\x1aE\xdf\xa3", "webm"),
    (b"OggS", "ogg"),
    (b"ID3", "mp3"),
    (b"\0\0\x01\xba", "mpeg"),
    (b"\0\0\x01\xb3", "mpeg"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "jxl"),
    (b"\xff\x0a", "jxl"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "jp2"),
    (b"\xff\x4f\xff\x51", "jp2"),
    (b"\x76\x2f\x31\x01", "exr"),
    (b"#?RADIANCE", "hdr"),
    (b"\0\0\x01\0", "ico"),
    (b"DDS ", "dds"),
    (b"FUJIFILMCCD-RAW", "raw"),
    (b"IIRO", "raw"),
    (b"IIU\0", "raw"),
    (b"%!PS", "eps"),
    (b"\xc5\xd0\xd3\xc6", "eps"),
    (b"gimp xcf", "xcf"),
    (b"\x7fELF", "program"),
    (b"MZ", "program"),
)

_NAMES: Final = {
    "mp4": "an MP4 video", "mov": "a QuickTime video", "3gp": "a 3GP video", "m4a": "an M4A sound",
    "webm": "a Matroska or WebM video", "avi": "an AVI video", "mpeg": "an MPEG video", "ogg": "an Ogg file",
    "mp3": "an MP3 sound", "wav": "a WAV sound", "pdf": "a PDF document", "psd": "a Photoshop file",
    "zip": "a ZIP archive", "rar": "a RAR archive", "7z": "a 7z archive", "gzip": "a gzip archive",
    "svg": "an SVG drawing", "html": "a web page", "xml": "an XML file", "jxl": "a JPEG XL image",
    "jp2": "a JPEG 2000 image", "exr": "an OpenEXR image", "hdr": "a Radiance HDR image", "ico": "an icon",
    "dds": "a DDS texture", "raw": "a camera raw file", "eps": "a PostScript drawing", "xcf": "a GIMP file",
    "program": "a program", "heif": "a HEIF file of a kind that is not read",
}  # fmt: skip


def sniff(data: bytes) -> tuple[Format | None, str]:
    """The photo format of `data` and its kind, from its first bytes.

    Returns (format, kind) for a photo that can be read, (None, kind) for a known other kind of file, and
    (None, "") for bytes that mean nothing to us.
    """
    head = bytes(data[:1024])
    for magic, photo in _PHOTOS:
        if head.startswith(magic):
            return _tiff_or_raw(head) if photo == "tiff" else (photo, photo)
    if head[:4] == b"RIFF":
        kind = {b"WEBP": "webp", b"AVI ": "avi", b"WAVE": "wav"}.get(head[8:12], "")
        return ("webp", kind) if kind == "webp" else (None, kind)
    if head[4:8] == b"ftyp":
        return _sniff_brands(head)
    if _is_bmp(head):
        return "bmp", "bmp"
    for magic, kind in _OTHERS:
        if head.startswith(magic):
            return None, kind
    return None, _sniff_text(head)


def kind_name(kind: str) -> str:
    """A kind as a person calls it: "an MP4 video"."""
    return _NAMES.get(kind, f"a file of kind {kind}")


def ends_early(photo: Format, data: bytes) -> bool:
    """Whether the container says that it is longer than the bytes there are.

    Only asked after a reader has failed, to tell a photo that was cut off from a damaged one.
    """
    size = len(data)
    if photo == "jpeg":
        return b"\xff\xd9" not in bytes(data[-64:])
    if photo == "png":
        return b"IEND" not in bytes(data[-32:])
    if photo == "gif":
        return bytes(data[-1:]) != b";"
    if photo == "webp":
        return size < 12 or size < 8 + int.from_bytes(data[4:8], "little")
    if photo == "bmp":
        return size < 6 or size < int.from_bytes(data[2:6], "little")
    if photo in ("heic", "avif"):
        return _boxes_end(data) > size
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    return int.from_bytes(data[4:8], order) + 2 > size


def _is_bmp(head: bytes) -> bool:
    """Two letters are too few to tell a bitmap, so the size of its header must be one that exists."""
    return head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in (12, 40, 52, 56, 64, 108, 124)


def _tiff_or_raw(head: bytes) -> tuple[Format | None, str]:
    """Camera raw files wear a TIFF header; the marks of the ones that say so early."""
    if head[8:11] == b"CR\x02":
        return None, "raw"
    return "tiff", "tiff"


def _sniff_brands(head: bytes) -> tuple[Format | None, str]:
    """HEIC, AVIF and MP4 share one container; its brands tell them apart."""
    length = min(int.from_bytes(head[:4], "big"), len(head))
    major = head[8:12]
    brands = {major, *(head[i : i + 4] for i in range(16, length - 3, 4))}
    if brands & _AVIF_BRANDS:
        return "avif", "avif"
    if brands & _HEIC_BRANDS:
        return "heic", "heic"
    if brands & {b"mif1", b"msf1"}:
        return None, "heif"
    return None, _BRAND_KINDS.get(major, "mp4")


def _sniff_text(head: bytes) -> str:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not text.startswith(b"<"):
        return ""
    if b"<svg" in text:
        return "svg"
    if text.startswith((b"<!doctype html", b"<html")):
        return "html"
    return "xml" if text.startswith(b"<?xml") else ""


def _boxes_end(data: bytes) -> int:
    """Where the last top-level box of an ISO base media file says that it ends."""
    at = 0
    for _ in range(64):
        if at + 8 > len(data):
            break
        length = cast(int, struct.unpack_from(">I", data, at)[0])
        if length == 1 and at + 16 <= len(data):
            length = cast(int, struct.unpack_from(">Q", data, at + 8)[0])
        if length < 8:
            return len(data)
        at += length
    return at
