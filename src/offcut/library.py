"""The library: `remove` for one photo, `remove_many` for a stream of them.

Everything heavy is imported at the first call, so that `import offcut` stays quick.
"""

from __future__ import annotations

import os
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from offcut.errors import OffcutError, OptionError, PhotoNotFoundError, PhotoTypeError, UnexpectedError

if TYPE_CHECKING:
    from offcut.engine.cutout import Cutout
    from offcut.engine.models.networks import Networks
    from offcut.engine.options import Options

JOBS = 2
"""How many photos are worked on at once: while the networks are busy with one, its neighbours are read,
decoded, refined and written. More gains little, because the networks use every core by themselves."""

IDLE_S = 300.0
"""Networks that nobody has used for so many seconds are unloaded; the next photo loads them again."""

Item = TypeVar("Item")
Result = TypeVar("Result")

_networks: Networks | None = None
_networks_lock = threading.Lock()


def default_networks(*, idle_s: float | None = None) -> Networks:
    """The networks that `remove` uses when given none: made at the first call, which may say how long they
    are kept idle (as `make_networks`), and shared by all threads."""
    global _networks
    with _networks_lock:
        if _networks is None:
            _networks = make_networks(idle_s=idle_s)
        return _networks


def make_networks(
    device: str | None = None, precision: str | None = None, *, idle_s: float | None = None
) -> Networks:
    """Networks for what is `wanted` of this machine, unloaded after `idle_s` seconds (0: never). Raises
    DeviceError and PrecisionError."""
    from offcut.engine.models.networks import Networks

    return Networks(idle_s=IDLE_S if idle_s is None else idle_s, **wanted(device, precision))


def wanted(device: str | None = None, precision: str | None = None) -> dict[str, Any]:
    """What somebody asks the networks to compute on and in, by name: what is given here, else what
    OFFCUT_DEVICE and OFFCUT_PRECISION say. What nobody named is left out."""
    said = {
        "device": os.environ.get("OFFCUT_DEVICE") if device is None else device,
        "precision": os.environ.get("OFFCUT_PRECISION") if precision is None else precision,
    }
    return {name: value for name, value in said.items() if value}


def remove(
    photo: Any, *, model: str | None = None, networks: Networks | None = None, **options: Any
) -> Cutout:
    """Cuts the subject out of a photo.

    `photo` is a path, bytes, an open binary file, a Pillow image, or a uint8 array of H×W (gray), H×W×3 (RGB)
    or H×W×4 (RGBA). `model` names the weights that draw the matte (`offcut models list`), if not the default
    ones. `options` are those of `offcut.Options` by name: `size="preview"`, `crop=True`,
    `bg_color="white"`. Raises an `OffcutError`: a `PhotoError` when the photo cannot be used, an
    `OptionError`, a `NoForegroundError` when there is nothing to cut out, a `ModelError` when the weights
    are not known, were never fetched, or have a licence that was not accepted, an `UnexpectedError` for a
    fault of ours.
    """
    from offcut.engine.options import Options

    try:
        asked = _options(Options, options)
        shared = networks or default_networks()
        if model is not None:
            shared.segmenter(model)
        return _cut_out(photo, asked, shared, model)
    except OffcutError:
        raise
    except Exception as error:
        raise as_offcut_error(error) from error


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one photo of many: a `cutout` or an `error`. `source` is what was passed in."""

    source: Any
    cutout: Cutout | None = None
    error: OffcutError | None = None


def remove_many(
    photos: Iterable[Any] | str | Path,
    *,
    jobs: int = JOBS,
    model: str | None = None,
    networks: Networks | None = None,
    **options: Any,
) -> Iterator[Outcome]:
    """Cuts out many photos, in their order, a few at a time, in memory that does not grow with their number.

    `photos` is a folder, or anything that yields what `remove` takes. A photo that fails gives an `Outcome`
    with its error and the next one follows; options that are not allowed, and a `model` that cannot be had,
    raise at once. Photos are read no faster than the results are taken.
    """
    from offcut.engine.options import Options

    asked = _options(Options, options)
    if not isinstance(jobs, int) or jobs < 1:
        raise OptionError(
            "jobs", f"{jobs!r} photos at once cannot be.", code=OptionError.code, hint="Allowed: 1 or more."
        )
    shared = networks or default_networks()
    if model is not None:
        shared.segmenter(model)

    def work(photo: Any) -> Outcome:
        try:
            return Outcome(photo, cutout=_cut_out(photo, asked, shared, model))
        except Exception as error:
            # Whoever collects errors must not collect the pixels of all those photos with them.
            traceback.clear_frames(error.__traceback__)
            return Outcome(photo, error=as_offcut_error(error))

    return in_order(work, _listed(photos), jobs=jobs)


def _cut_out(photo: Any, asked: Options, networks: Networks, model: str | None) -> Cutout:
    from offcut.engine.opening import open_photo
    from offcut.engine.pipeline import FINE, cut_out

    return cut_out(open_photo(photo, asked), asked, networks, model=model or FINE)


def in_order(work: Callable[[Item], Result], items: Iterable[Item], *, jobs: int) -> Iterator[Result]:
    """The results of `work`, in the order of `items`, made in `jobs` threads.

    At most `jobs` + 1 items are in work or waiting to be taken, so memory is bounded. Closing the iterator
    drops what has not begun and waits for what has.
    """
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="offcut") as threads:
        ahead: deque[Future[Result]] = deque()
        try:
            for item in items:
                ahead.append(threads.submit(work, item))
                if len(ahead) > jobs:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for waiting in ahead:
                waiting.cancel()


def as_offcut_error(error: Exception) -> OffcutError:
    """The error as one of ours; a fault that we did not foresee is wrapped and keeps its cause."""
    if isinstance(error, OffcutError):
        return error
    wrapped = UnexpectedError(f"{type(error).__name__}: {error}")
    wrapped.__cause__ = error
    return wrapped


def _options(options_class: Any, given: dict[str, Any]) -> Any:
    from offcut.engine.options import OPTION_HELP

    for name in given:
        if name not in OPTION_HELP and name != "bg_image":
            raise OptionError(
                name,
                f"There is no option {name!r}.",
                code="unknown_option",
                hint=f"Options: {', '.join(OPTION_HELP)}, bg_image.",
            )
    return options_class(**given)


def _listed(photos: Iterable[Any] | str | Path) -> Iterable[Any]:
    """The photos of a folder by name; anything else as it is."""
    if not isinstance(photos, str | os.PathLike):
        if not isinstance(photos, Iterable):
            raise PhotoTypeError(f"A {type(photos).__name__} holds no photos.")
        return photos
    from offcut.engine.photo_files import photos_in

    folder = Path(photos)
    if not folder.is_dir():
        raise PhotoNotFoundError(f"There is no folder {folder}.", hint="For one photo, use offcut.remove.")
    return photos_in(folder)
