"""Files and addresses that mean harm, made here: nothing is downloaded, nothing is stored.

A name begins with the kind of harm; an exclamation mark says that the file must not pass for a photo.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib

import numpy as np
from PIL import Image
from tests.server.plain_runner import photo_bytes

KINDS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP")


def hostile_files() -> dict[str, bytes]:
    """Name and content of each, the same at every call."""
    return _truncated() | _flipped() | _bombs() | _false() | _polyglots() | _broken_metadata()


def _truncated() -> dict[str, bytes]:
    files = {}
    for kind in KINDS:
        whole = photo_bytes(200, 150, kind)
        for percent in (1, 2, 5, 10, 20, 30, 45, 60, 75, 85, 95):
            files[f"truncated {kind} at {percent}%"] = whole[: max(1, len(whole) * percent // 100)]
    return files


def _flipped() -> dict[str, bytes]:
    chance = random.Random(3)
    files = {}
    for kind in KINDS:
        whole = photo_bytes(120, 90, kind)
        for turn in range(10):
            broken = bytearray(whole)
            for _ in range(1 + turn):
                broken[chance.randrange(min(len(broken), 600 if turn < 5 else len(broken)))] ^= 1 << turn % 8
            files[f"flipped {kind} {turn}"] = bytes(broken)
    return files


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of these chunks, with right check sums."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def png_head(width: int, height: int, depth: int = 8, color: int = 2) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)


def _bombs() -> dict[str, bytes]:
    zeros = zlib.compress(b"\0" * 20_000_000, 9)
    files = {
        f"bomb PNG {width}x{height} !": png(png_head(width, height), (b"IDAT", zeros), (b"IEND", b""))
        for width, height in (
            (30_000, 30_000),
            (65_535, 65_535),
            (2**31 - 1, 2**31 - 1),
            (100_000, 800),
            (1, 2**31 - 1),
            (0, 0),
            (0, 100),
            (8000, 8000),
        )
    }
    text = (b"zTXt", b"a\0\0" + zlib.compress(b"b" * 200_000_000, 9))
    image = (b"IDAT", zlib.compress(b"\0" * (64 * (64 * 3 + 1))))
    files["bomb PNG text"] = png(png_head(64, 64), text, image, (b"IEND", b""))
    profile = (b"iCCP", b"a\0\0" + zlib.compress(b"b" * 200_000_000, 9))
    files["bomb PNG profile"] = png(png_head(64, 64), profile, image, (b"IEND", b""))
    many = [(b"tEXt", b"k\0v")] * 50_000
    files["bomb PNG many chunks"] = png(png_head(64, 64), *many, image, (b"IEND", b""))
    for width, height in ((65_535, 65_535), (60_000, 1000)):
        gif = bytearray(photo_bytes(60, 40, "GIF"))
        gif[6:10] = struct.pack("<HH", width, height)
        # The canvas is a claim that readers may pass over; the picture in it is small.
        files[f"bomb GIF {width}x{height}"] = bytes(gif)
        bitmap = bytearray(photo_bytes(60, 40, "BMP"))
        bitmap[18:26] = struct.pack("<ii", width, height)
        files[f"bomb BMP {width}x{height} !"] = bytes(bitmap)
        jpeg = bytearray(photo_bytes(60, 40))
        at = jpeg.index(b"\xff\xc0")
        jpeg[at + 5 : at + 9] = struct.pack(">HH", height, width)
        files[f"bomb JPEG {width}x{height} !"] = bytes(jpeg)
    files["bomb frames GIF"] = _frames()
    return files


def _frames() -> bytes:
    file = io.BytesIO()
    first, *rest = [Image.new("RGB", (40, 40), (index % 256, 0, 0)) for index in range(400)]
    first.save(file, "GIF", save_all=True, append_images=rest)
    return file.getvalue()


def _false() -> dict[str, bytes]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("a.png", b"a")
    starts = {
        "mp4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "mov": b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
        "pdf": b"%PDF-1.7\n", "psd": b"8BPS\0\x01", "zip": archive.getvalue(), "rar": b"Rar!\x1a\x07",
        "gzip": b"\x1f\x8b\x08\0", "webm": b"\x1aE\xdf\xa3", "ogg": b"OggS", "mp3": b"ID3\x03",
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
        "html": b"<!doctype html><script>1</script>",
        "xml": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        "elf": b"\x7fELF", "exe": b"MZ\x90", "ico": b"\0\0\x01\0\x01\0", "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n",
        "json": b'{"a": 1}', "text": b"push graphic-context\nviewbox 0 0 640 480\n", "zeros": b"\0" * 64,
        "random": random.Random(5).randbytes(5000), "mvg": b"MVG:/etc/passwd", "url": b"https://127.0.0.1/",
        "only a JPEG mark": b"\xff\xd8\xff", "only a PNG mark": b"\x89PNG\r\n\x1a\n", "jxl": b"\xff\x0a\0\0",
        "avif mark": b"\0\0\0\x18ftypavif\0\0\0\0avifmif1",
        "heic mark": b"\0\0\0\x18ftypheic\0\0\0\0heicmif1",
    }  # fmt: skip
    return {f"false {name} !": content + b"\0" * 40 for name, content in starts.items()}


def _polyglots() -> dict[str, bytes]:
    jpeg, gif, image = photo_bytes(), photo_bytes(kind="GIF"), photo_bytes(kind="PNG")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("evil.html", b"<script>1</script>" * 100)
    return {
        "polyglot JPEG and ZIP": jpeg + archive.getvalue(),
        "polyglot PNG and ZIP": image + archive.getvalue(),
        "polyglot GIF and script": gif + b"*/alert(1)//",
        "polyglot JPEG and PHP": jpeg[:2] + b"\xff\xfe\x00\x20<?php echo 1; ?>             " + jpeg[2:],
        "polyglot PNG and HTML": image + b"<html><script>1</script></html>",
        "polyglot PDF before JPEG !": b"%PDF-1.7\n" + jpeg,
        "polyglot script before PNG !": b"#!/bin/sh\nexit\n" + image,
        "polyglot two JPEGs": jpeg + jpeg,
    }


def _broken_metadata() -> dict[str, bytes]:
    chance = random.Random(9)
    files = {}
    pixels = Image.fromarray(np.full((40, 60, 3), (220, 30, 30), np.uint8))
    for turn in range(12):
        file = io.BytesIO()
        exif = (
            b"Exif\0\0"
            + (b"II*\0\x08\0\0\0" if turn % 2 else b"MM\0*\0\0\0\x08")
            + chance.randbytes(20 + 40 * turn)
        )
        pixels.save(file, "JPEG", exif=exif)
        files[f"metadata EXIF {turn}"] = file.getvalue()
        file = io.BytesIO()
        pixels.save(file, "PNG" if turn % 2 else "JPEG", icc_profile=chance.randbytes(30 + 100 * turn))
        files[f"metadata ICC {turn}"] = file.getvalue()
    return files


ADDRESSES = (
    *(
        f"http://{host}/a.jpg"
        for host in (
            "127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "0.0.0.0", "0", "2130706433", "0x7f000001",
            "0x7f.1",
            "017700000001", "0177.0.0.1", "127.0.0.1.", "localhost", "LOCALHOST", "localhost.", "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]", "[fe80::1]", "[fe80::1%25eth0]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]",
            "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255",
            "169.254.169.254", "169.254.0.1", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192",
            "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "203.0.113.1",
            "user@127.0.0.1", "example.org@127.0.0.1", "127.0.0.1\\@example.org", "127%2e0%2e0%2e1",
            "①②⑦.0.0.1",
            "printer", "127.0.0.1:22", "127.0.0.1:99999", "",
        )
    ),
    "ftp://example.org/a.jpg", "file:///etc/passwd", "gopher://127.0.0.1/", "data:image/png;base64,AAAA",
    "javascript:1", "//127.0.0.1/a.jpg", "http:///a.jpg", "http:127.0.0.1", "http://", "dict://127.0.0.1:11211/",
    "http://example.org:22/a.jpg", "http://" + "a" * 5000 + ".org/", "http://exa mple.org/", "http://[::1/",
)  # fmt: skip
