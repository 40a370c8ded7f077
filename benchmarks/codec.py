"""Time and memory of decoding and encoding, ours beside what the image libraries do on their own.

    python benchmarks/codec.py [--megapixels 1 12 45] [--repeats 5] [--only decode|encode] [--kinds png psd]

Every row runs in a process of its own: the time is the best of the repeats, the memory is how far the first
run lifts the process's peak above what it was with the library loaded and the file read. The photo is
scikit-image's coffee cup enlarged, with a little noise, because smooth pictures flatter every codec.
Libraries that are not installed are left out.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SIDES_PX = {1: (1224, 816), 12: (4240, 2832), 45: (8256, 5504)}
DECODERS = ("offcut", "offcut-shrunk", "opencv", "pillow", "simplejpeg", "libvips")
ENCODERS = ("offcut", "opencv", "pillow", "psd-tools")
DECODED_KINDS = ("jpg", "jpg-p3", "png", "webp", "avif", "heic")
ENCODED_KINDS = ("png", "jpg", "webp", "tiff", "zip", "psd")
PREVIEW_PX = 1024 * 1024

Task = Callable[[], Any]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--megapixels", type=int, nargs="+", default=[1, 12, 45], choices=sorted(SIDES_PX))
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--only", choices=("decode", "encode"))
    options.add_argument(
        "--kinds", nargs="+", default=[*DECODED_KINDS, *ENCODED_KINDS], help="files to measure"
    )
    options.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.one:
        print(json.dumps(measure(*chosen.one, repeats=chosen.repeats)))
        return

    def wanted(kinds: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(kind for kind in kinds if kind in chosen.kinds)

    with tempfile.TemporaryDirectory() as folder:
        for megapixels in chosen.megapixels:
            make_files(Path(folder), megapixels)
            if chosen.only != "encode":
                report("decode", wanted(DECODED_KINDS), DECODERS, megapixels, folder, chosen.repeats)
            if chosen.only != "decode":
                report("encode", wanted(ENCODED_KINDS), ENCODERS, megapixels, folder, chosen.repeats)


def report(
    what: str, kinds: tuple[str, ...], libraries: tuple[str, ...], megapixels: int, folder: str, repeats: int
) -> None:
    print(f"\n### {what}, {megapixels} megapixels\n\n| file | library | ms | MB above base | file MB |")
    print("|---|---|---|---|---|")
    for kind in kinds:
        for library in libraries:
            path = str(Path(folder) / f"{megapixels}.{kind}")
            command = [
                sys.executable,
                __file__,
                "--repeats",
                str(repeats),
                "--one",
                what,
                library,
                kind,
                path,
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                row = json.loads(done.stdout)
                print(
                    f"| {kind} | {library} | {row['ms']:.0f} | {row['mb']:.0f} | {row['file_mb']:.1f} |",
                    flush=True,
                )
            elif "LookupError" not in done.stderr and "ModuleNotFoundError" not in done.stderr:
                print(f"| {kind} | {library} | failed: {done.stderr.strip().splitlines()[-1]} | | |")


def measure(what: str, library: str, kind: str, path: str, *, repeats: int) -> dict[str, float]:
    task = decode_task(library, kind, path) if what == "decode" else encode_task(library, kind, path)
    before = peak_mb()
    result = task()
    lifted = peak_mb() - before
    size = len(result) if isinstance(result, bytes) else Path(path).stat().st_size
    del result
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return {"ms": min(times) * 1000, "mb": lifted, "file_mb": size / 1e6}


def peak_mb() -> float:
    """This process's own peak (Linux). `getrusage` would not do: it starts from the parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def decode_task(library: str, kind: str, path: str) -> Task:
    data = Path(path).read_bytes()
    plain_jpeg = kind == "jpg"
    if library.startswith("offcut"):
        from offcut.engine.decode import decode

        if library == "offcut":
            return lambda: decode(data).pixels
        if kind.startswith("jpg"):
            return lambda: decode(data, shrink_to_px=PREVIEW_PX).pixels
    elif library == "opencv" and kind not in ("heic", "jpg-p3"):
        import cv2

        return lambda: cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    elif library == "pillow" and kind not in ("heic", "jpg-p3"):
        from PIL import Image

        Image.MAX_IMAGE_PIXELS = None
        return lambda: np.asarray(Image.open(io.BytesIO(data)))
    elif library == "simplejpeg" and plain_jpeg:
        import simplejpeg

        return lambda: simplejpeg.decode_jpeg(data, "RGB")
    elif library == "libvips" and kind not in ("heic", "jpg-p3"):
        import pyvips

        pyvips.cache_set_max(0)
        return lambda: pyvips.Image.new_from_buffer(data, "", access="sequential").write_to_memory()
    raise LookupError(f"{library} does not decode {kind}")


def encode_task(library: str, kind: str, path: str) -> Task:
    rgb, alpha = cutout(Path(path))
    if library == "offcut":
        from offcut.engine.encode import encode

        return lambda: encode(rgb, alpha, kind)  # type: ignore[arg-type]
    if library == "opencv" and kind in ("png", "webp"):
        import cv2

        rgba = np.dstack([rgb[:, :, ::-1], alpha])
        flags = [cv2.IMWRITE_PNG_COMPRESSION, 1] if kind == "png" else [cv2.IMWRITE_WEBP_QUALITY, 92]
        return lambda: cv2.imencode(f".{kind}", rgba, flags)[1].tobytes()
    if library == "pillow" and kind in ("png", "webp"):
        from PIL import Image

        image = Image.fromarray(np.dstack([rgb, alpha]))
        best = {"compress_level": 1} if kind == "png" else {"quality": 92, "method": 0}
        return lambda: saved(image, kind, best)
    if library == "psd-tools" and kind == "psd":
        from PIL import Image

        return lambda: psd_tools_file(Image.fromarray(rgb), Image.fromarray(alpha))
    raise LookupError(f"{library} does not encode {kind}")


def saved(image: Any, kind: str, options: dict[str, int]) -> bytes:
    out = io.BytesIO()
    image.save(out, kind.upper(), **options)
    return out.getvalue()


def psd_tools_file(photo: Any, matte: Any) -> bytes:
    from psd_tools import PSDImage

    psd = PSDImage.new("RGB", photo.size)
    psd.create_pixel_layer(photo, name="Photo").create_mask(matte)
    out = io.BytesIO()
    psd.save(out)
    return out.getvalue()


def cutout(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The photo and a soft-edged ellipse over a third of it."""
    stored = np.load(path.parent / f"{path.name.split('.')[0]}.npz")
    return stored["rgb"], stored["alpha"]


def make_files(folder: Path, megapixels: int) -> None:
    import cv2
    import pillow_heif
    import pyvips
    from PIL import Image
    from skimage import data

    width, height = SIDES_PX[megapixels]
    rgb = cv2.resize(data.coffee(), (width, height), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(1).integers(-3, 4, rgb.shape, np.int8)
    rgb = cv2.add(rgb, noise, dtype=cv2.CV_8U)
    alpha = np.zeros((height, width), np.uint8)
    cv2.ellipse(alpha, (width // 2, height // 2), (width // 3, height // 3), 0, 0, 360, 255, -1)
    np.savez(folder / f"{megapixels}.npz", rgb=rgb, alpha=cv2.blur(alpha, (15, 15)))
    image, vips = Image.fromarray(rgb), pyvips.Image.new_from_array(rgb)
    image.save(folder / f"{megapixels}.jpg", "JPEG", quality=92)
    image.save(
        folder / f"{megapixels}.jpg-p3",
        "JPEG",
        quality=92,
        icc_profile=bytes(pyvips.Image.profile_load("p3")),
    )
    vips.pngsave(str(folder / f"{megapixels}.png"), compression=3)
    vips.webpsave(str(folder / f"{megapixels}.webp"), Q=90, effort=0)
    image.save(folder / f"{megapixels}.avif", "AVIF", quality=70, speed=10)
    pillow_heif.from_pillow(image).save(folder / f"{megapixels}.heic", quality=70)


if __name__ == "__main__":
    main()
