"""Pictures into a film: H.264 in an mp4, or a gif. The file takes its name only when it is whole."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol

import av
import av.filter
import numpy as np
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from sim.errors import RollingStopError
from sim.files import open_atomically, storage_error
from sim.vehicle import CONTROL_HZ

FILM_SUFFIXES = (".mp4", ".gif")

_H264_OPTIONS = {"crf": "20", "preset": "veryfast"}
"""Constant quality, at which small text stays crisp; the preset encodes 1280 x 720 faster than it is shown."""

_MPEG4_BIT_RATE = 6_000_000

_log = logging.getLogger(__name__)


class FilmError(RollingStopError):
    """A film of a kind that cannot be written, or one without a picture."""

    exit_code = 2


def check_film_path(path: Path) -> None:
    """Refuse a name from which the kind of film is not known; worth asking before a long drive.

    Raises:
        FilmError: If the suffix is neither .mp4 nor .gif.
    """
    if path.suffix.lower() not in FILM_SUFFIXES:
        raise FilmError(
            f"Expected a film's name to end in .mp4 or .gif. Received: {path.name}.",
            hint=f"Try {path.with_suffix('.mp4').name}.",
        )


class Film:
    """Writes a film picture by picture; use it in a `with` block.

        with Film(Path("drive.mp4")) as film:
            film.add(rgb)

    What is written lies under a temporary name in the same folder until the block ends. If it ends by an exception,
    Ctrl-C included, nothing is left and what stood at the path before stays.

    Args:
        path: Where; .mp4 or .gif decides how.
        fps: Pictures a second.

    Attributes:
        frames: How many pictures were added.

    Raises:
        FilmError: If the suffix is another one.
    """

    def __init__(self, path: Path, fps: int = CONTROL_HZ) -> None:
        check_film_path(path)
        self.path = path
        self.frames = 0
        self._fps = fps
        self._opened: AbstractContextManager[BinaryIO] | None = None
        self._file: BinaryIO | None = None
        self._writer: _Writer | None = None
        self._size_px: tuple[int, int] | None = None

    def __enter__(self) -> Film:
        """Open the temporary file.

        Raises:
            StorageError: If the folder cannot be written.
        """
        self._opened = open_atomically(self.path)
        self._file = self._opened.__enter__()
        return self

    def add(self, rgb: NDArray[np.uint8]) -> None:
        """Add one picture.

        Args:
            rgb: uint8, shape (height, width, 3); all of one film have the same shape. An odd edge is doubled, since the
                colours of H.264 cover two pixels.

        Raises:
            ValueError: If the shape or type is wrong.
            StorageError: If the disk is full or gone.
        """
        if self._file is None:
            raise ValueError("Expected an open film: add pictures inside its `with` block.")
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
            raise ValueError(f"Expected rgb of shape (height, width, 3), uint8. Received: {rgb.shape}, {rgb.dtype}.")
        size_px = (rgb.shape[1], rgb.shape[0])
        if self._size_px is not None and size_px != self._size_px:
            raise ValueError(f"Expected every picture of the film to be {self._size_px}. Received: {size_px}.")
        even = _even(rgb)
        try:
            if self._writer is None:
                self._size_px = size_px
                writer = _GifWriter if self.path.suffix.lower() == ".gif" else _Mp4Writer
                self._writer = writer(self._file, (even.shape[1], even.shape[0]), self._fps)
            self._writer.add(even, self.frames)
        except OSError as fault:
            raise storage_error(fault, self.path) from fault
        self.frames += 1

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the film and give it its name; or, after an exception, remove it.

        Raises:
            StorageError: If the disk is full or gone.
            FilmError: If there was no picture to write.
        """
        writer, self._writer, self._file = self._writer, None, None
        whole = False
        try:
            if writer is not None and fault is None:
                writer.finish()
                whole = True
        except OSError as broken:
            raise storage_error(broken, self.path) from broken
        finally:
            if writer is not None and not whole:
                writer.abandon()
            self._close(whole=whole)
        if fault is None and not whole:
            raise FilmError(f"Expected at least one picture for {self.path}. Received: none, so no film was written.")

    def _close(self, *, whole: bool) -> None:
        """Let the temporary file take its name, or go."""
        opened, self._opened = self._opened, None
        if opened is None:
            return
        if whole:
            opened.__exit__(None, None, None)
        else:
            opened.__exit__(_DiscardedError, _DiscardedError(), None)


class _DiscardedError(Exception):
    """Tells the temporary file that it shall not take its name."""


class _Writer(Protocol):
    """What turns pictures into one kind of file."""

    def add(self, rgb: NDArray[np.uint8], index: int) -> None:
        """Add picture number `index`."""
        ...

    def finish(self) -> None:
        """Write all that is held back, and the end of the file."""
        ...

    def abandon(self) -> None:
        """Let go of encoder and file, whatever state they are in."""
        ...


class _Encoder:
    """A container with one stream of pictures, written to an open file."""

    def __init__(self, file: BinaryIO, kind: str, codec: str, size_px: tuple[int, int], fps: int) -> None:
        self._container: OutputContainer = av.open(file, mode="w", format=kind)
        stream = self._container.add_stream(codec, rate=fps)
        if not isinstance(stream, VideoStream):
            raise ValueError(f"Expected {codec} to be a codec of pictures. Received: {type(stream).__name__}.")
        stream.width, stream.height = size_px
        self.stream = stream
        self.time_base = Fraction(1, fps)

    def encode(self, frame: VideoFrame | None) -> None:
        """Encode one picture, or with None all that is held back."""
        self._container.mux(self.stream.encode(frame))

    def finish(self) -> None:
        self.encode(None)
        self._container.close()

    def abandon(self) -> None:
        try:
            self._container.close()
        except (OSError, FFmpegError) as fault:
            _log.debug("A film that is thrown away did not close: %s", fault)


class _Mp4Writer(_Encoder):
    """H.264 in an mp4, as every browser and player shows it; MPEG-4 part 2 where FFmpeg was built without x264."""

    def __init__(self, file: BinaryIO, size_px: tuple[int, int], fps: int) -> None:
        codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
        super().__init__(file, "mp4", codec, size_px, fps)
        self.stream.pix_fmt = "yuv420p"
        if codec == "libx264":
            self.stream.options = dict(_H264_OPTIONS)
        else:
            _log.warning("This FFmpeg has no libx264: writing MPEG-4 part 2 instead, which some browsers do not show.")
            self.stream.bit_rate = _MPEG4_BIT_RATE

    def add(self, rgb: NDArray[np.uint8], index: int) -> None:
        frame = VideoFrame.from_ndarray(rgb, format="rgb24")
        frame.pts, frame.time_base = index, self.time_base
        self.encode(frame)


class _GifWriter(_Encoder):
    """A gif whose pictures each have the 256 colours that suit them best."""

    def __init__(self, file: BinaryIO, size_px: tuple[int, int], fps: int) -> None:
        super().__init__(file, "gif", "gif", size_px, fps)
        self.stream.pix_fmt = "pal8"
        graph = av.filter.Graph()
        form = VideoFormat("rgb24", *size_px)
        source = graph.add_buffer(width=size_px[0], height=size_px[1], format=form, time_base=self.time_base)
        split = graph.add("split")
        palette = graph.add("palettegen", "stats_mode=single")
        use = graph.add("paletteuse", "new=1:dither=bayer:bayer_scale=5:diff_mode=rectangle")
        sink = graph.add("buffersink")
        source.link_to(split)
        split.link_to(use, 0, 0)
        split.link_to(palette, 1, 0)
        palette.link_to(use, 0, 1)
        use.link_to(sink)
        graph.configure()
        self._graph = graph

    def add(self, rgb: NDArray[np.uint8], index: int) -> None:
        frame = VideoFrame.from_ndarray(rgb, format="rgb24")
        frame.pts, frame.time_base = index, self.time_base
        self._graph.push(frame)
        self._drain()

    def finish(self) -> None:
        self._graph.push(None)
        self._drain()
        super().finish()

    def _drain(self) -> None:
        """Encode the pictures that have come out of the filters."""
        while True:
            try:
                frame = self._graph.pull()
            except (BlockingIOError, EOFError):
                return
            if isinstance(frame, VideoFrame):
                self.encode(frame)


def _even(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture with its last row and column doubled where their number is odd."""
    height, width = rgb.shape[:2]
    if height % 2 or width % 2:
        return np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return np.ascontiguousarray(rgb)
