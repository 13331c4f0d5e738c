"""A picture of a replay: waveform, scores, thresholds and what was detected."""

import io
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kws.errors import OutputError
from kws.extras import require
from kws.replay.envelope import Envelope
from kws.replay.palette import colours_of
from kws.replay.replay import WHOLE, Stretch
from kws.replay.row_labels import RowLabels
from kws.replay.timeline import Timeline, tick
from kws.samples import Samples
from kws.spotting.detection import Detection
from kws.spotting.peaks import Peak, unfired_peaks
from kws.spotting.spotter import Row, Spotter
from kws.writing import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK, _FAINT, _WAVE = "#333333", "#999999", "#aab4be"
_WIDTH_INCHES, _ROW_INCHES, _HEAD_INCHES = 14.0, 1.58, 0.95
_BOTTOM, _TOP = -0.92, 1.8
"""Of a row: the waveform lies below 0, scores reach up to 1, above is room for two labels."""
_DPI = 120
_TRIFLE, _RELEVANT = 0.03, 0.15
"""Scores that are not drawn as a line, and those that make the word's threshold appear."""
_NEAR_SECONDS = 0.5
_RELEASE_LINE = (0, (1, 4))


def check_picture(path: Path) -> None:
    """See that `path` can be drawn to, before the work starts.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: the name is not that of a PNG file, or its folder cannot be written.
    """
    require("plot", "--plot", "matplotlib")
    if path.suffix.lower() != ".png":
        raise OutputError(f"cannot draw {path}: the name must end in .png")
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise OutputError(f"cannot draw {path}: {path.parent} is no folder that can be written to")


class Picture:
    """Collects what a spotter hears and decides, then draws a stretch of it.

    Memory does not grow with the length of the recording, except for the detections.
    """

    def __init__(self, spotter: Spotter, title: str, stretch: Stretch = WHOLE) -> None:
        spec = spotter.model.spec
        self._title = title
        self._stretch = stretch
        self._model = spec.name
        self._rate = spec.features.sample_rate
        self._words = spotter.stream.keywords
        self._colours = colours_of(self._words)
        self._thresholds = spotter.stream.thresholds
        # Releases move in proportion to thresholds.
        ratios = {word.word: word.release / word.threshold for word in spec.keywords}
        self._releases = {word: ratios[word] * at for word, at in self._thresholds.items()}
        self._wave = Envelope()
        self._scores = Envelope(channels=len(self._words), step=spec.row_samples)
        self._detections: list[Detection] = []
        self._scored = 0
        """Samples up to the last row: what is decided after the end lies behind the recording."""
        self.heard = 0
        """Samples so far."""

    @property
    def empty(self) -> bool:
        """Whether nothing of the stretch was heard."""
        return self.heard <= self._first_sample

    @property
    def _first_sample(self) -> int:
        return round(self._stretch.start * self._rate)

    def add_samples(self, samples: Samples) -> None:
        """Take a block of the recording (N,)."""
        limits = (self._first_sample, self._stretch.end * self._rate)
        first, last = (int(np.clip(limit - self.heard, 0, len(samples))) for limit in limits)
        if first < last:
            position = self.heard + first - self._first_sample
            self._wave.add(position, samples[first:last, None])
        self.heard += len(samples)

    def add_row(self, row: Row) -> None:
        """Take a row of scores (`Spotter.observer`)."""
        if self._stretch.holds(row.position / self._rate):
            self._scores.add(row.position - self._first_sample, row.scores[None])
            self._scored = row.position

    def add_detection(self, detection: Detection) -> None:
        """Mark a detection; one beside the stretch tells which of its peaks are no near misses."""
        self._detections.append(detection)

    def draw(self, path: Path) -> None:
        """Write the PNG.

        Raises:
            OutputError: the file cannot be written.
        """
        drawn = io.BytesIO()
        self.figure().savefig(drawn, format="png")
        write_atomically(path, drawn.getvalue())

    def figure(self) -> "Figure":
        """The picture itself: axes for each row."""
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        end = min(self._stretch.end, self.heard / self._rate)
        timeline = Timeline(self._stretch.start, end, fill=self._stretch != WHOLE)
        height = _HEAD_INCHES + len(timeline) * _ROW_INCHES
        figure = Figure(figsize=(_WIDTH_INCHES, height), dpi=_DPI, facecolor="white")
        FigureCanvasAgg(figure)  # can tell how large a label is before it is drawn
        grid = figure.add_gridspec(
            len(timeline), left=0.045, right=0.985, hspace=0.3,
            top=1 - _HEAD_INCHES / height, bottom=0.32 / height,
        )  # fmt: skip
        # A dollar sign in the name of a file is no mathematics.
        with rc_context({"text.parse_math": False}):
            rows = [figure.add_subplot(grid[index]) for index in range(len(timeline))]
            labels = [
                self._draw_row(axes, first, timeline.span, end)
                for axes, first in zip(rows, timeline, strict=True)
            ]
            self._add_labels(labels, timeline, end)
            self._draw_head(figure, height, end)
        return figure

    def _draw_head(self, figure: "Figure", height: float, end: float) -> None:
        from matplotlib.lines import Line2D

        top = 1 - 0.3 / height
        figure.text(0.045, top, self._title, fontsize=13, fontweight="bold", color=_INK)
        count = sum(self._stretch.holds_word(x, self._rate) for x in self._detections)
        words = "1 detection" if count == 1 else f"{count} detections"
        where = "in" if self._stretch == WHOLE else f"from {tick(self._stretch.start)} to"
        found = f"{words} {where} {tick(end)}"
        figure.text(
            0.985, top, f"{found}, model {self._model}", fontsize=10, color=_FAINT, ha="right"
        )
        handles = [
            Line2D([], [], color=self._colours[word].curve, linewidth=3, label=word)
            for word in self._words
        ]
        handles.append(Line2D([], [], color=_FAINT, linestyle=":", label="threshold"))
        handles.append(Line2D([], [], color=_FAINT, linestyle=_RELEASE_LINE, label="release"))
        handles.append(Line2D([], [], color=_FAINT, marker="o", linestyle="", label="fired"))
        figure.legend(
            handles=handles, loc="upper left", bbox_to_anchor=(0.039, 1 - 0.36 / height),
            ncols=len(handles), frameon=False, fontsize=10, handlelength=1.2, columnspacing=1.4,
        )  # fmt: skip

    def _draw_row(self, axes: "Axes", first: float, span: float, last: float) -> RowLabels:
        """One row of the picture, from `first` to `last` at most: scores above, waveform below."""
        from matplotlib.ticker import MaxNLocator

        axes.set_xlim(first, first + span)
        axes.set_ylim(_BOTTOM, _TOP)
        for side in ("top", "right", "left", "bottom"):
            axes.spines[side].set_visible(False)
        axes.set_yticks([0, 0.5, 1])
        axes.tick_params(axis="both", length=0, labelsize=8, colors=_FAINT)
        axes.xaxis.set_major_locator(MaxNLocator(10, integer=True, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(lambda x, _: tick(x) if x <= last else "")
        end = min(first + span, last)
        self._draw_wave(axes, first, end)
        end = max(end, min(first + span, self._scored / self._rate))
        axes.hlines([0, 1], first, end, color="#e4e7ea", linewidth=0.8, zorder=0)
        labels = RowLabels(axes)
        self._draw_scores(axes, labels, first, end)
        self._draw_detections(axes, first, end)
        return labels

    def _draw_wave(self, axes: "Axes", first: float, end: float) -> None:
        columns, times = self._columns(self._wave, first, end)
        loudest = np.nanmax(np.fmax(self._wave.high, -self._wave.low), initial=0.02)
        low, high = (
            np.clip(np.nan_to_num(side[columns, 0]) / loudest, -1, 1) * 0.42 - 0.48
            for side in (self._wave.low, self._wave.high)
        )
        axes.fill_between(times, low, high, color=_WAVE, linewidth=0.3)

    def _draw_scores(self, axes: "Axes", labels: RowLabels, first: float, end: float) -> None:
        columns, times = self._columns(self._scores, first, end)
        shared = len({*zip(self._thresholds.values(), self._releases.values(), strict=True)}) == 1
        for index, word in enumerate(self._words):
            score = self._scores.high[columns, index]
            known = np.isfinite(score)
            when, score = times[known], score[known]
            colour = self._colours[word].curve
            axes.fill_between(when, 0, score, color=colour, alpha=0.16, linewidth=0)
            curve = np.where(score > _TRIFLE, score, np.nan)
            axes.plot(when, curve, color=colour, linewidth=1.1)
            labels.avoid_curve(when, curve)
            if not shared:
                # Ten lines across the whole row would hide what matters.
                near = _near(when, when[score > _RELEVANT])
                for value, style in self._lines(word):
                    line = np.where(near, value, np.nan)
                    axes.plot(when, line, color=colour, linewidth=1.1, linestyle=style, zorder=1)
                    labels.avoid_line(when, line)
        if shared:
            for value, style in self._lines(self._words[0]):
                axes.hlines(
                    value, first, end, color=_FAINT, linewidth=0.8, linestyle=style, zorder=1
                )
                labels.avoid_line(np.array((first, end)), np.array((value, value)))

    def _lines(self, word: str) -> list[tuple[float, Any]]:
        """The scores that decide about `word`, and how they are drawn."""
        return [(self._thresholds[word], ":"), (self._releases[word], _RELEASE_LINE)]

    def _draw_detections(self, axes: "Axes", first: float, end: float) -> None:
        """The bounds of words, also of one that goes on in the next row, and when they fired."""
        for detection in self._detections:
            colour = self._colours[detection.keyword].curve
            start, stop, fired = (
                sample / self._rate for sample in (detection.start, detection.end, detection.fired)
            )
            if first <= fired <= end:
                axes.plot(fired, detection.score, "o", color=colour, markersize=3.5)
            if start < end and stop > first:
                axes.axvspan(
                    max(start, first), min(stop, end), ymax=-_BOTTOM / (_TOP - _BOTTOM),
                    color=colour, alpha=0.22, linewidth=0,
                )  # fmt: skip

    def _add_labels(self, labels: Sequence[RowLabels], timeline: Timeline, end: float) -> None:
        """Name the words of the stretch, each where its curve is, and explain near misses."""
        for detection in self._detections:
            if self._stretch.holds_word(detection, self._rate):
                middle = (detection.start + detection.end) / 2 / self._rate
                row = labels[timeline.row_of(detection.fired / self._rate)]
                row.add_word(detection.keyword, middle, self._colours[detection.keyword].text)
        peaks = self._near_misses(max(end, self._scored / self._rate))
        # The nearer a score came, the more a reader wants to know.
        for peak in sorted(peaks, key=lambda peak: peak.score / peak.threshold, reverse=True):
            labels[timeline.row_of(peak.seconds)].add_near_miss(peak, self._colours[peak.word])

    def _near_misses(self, end: float) -> Iterator[Peak]:
        """What rose and did not fire."""
        columns, times = self._columns(self._scores, self._stretch.start, end)
        for index, word in enumerate(self._words):
            score = self._scores.high[columns, index]
            known = np.isfinite(score)
            fired = [x.fired / self._rate for x in self._detections if x.keyword == word]
            threshold = self._thresholds[word]
            yield from unfired_peaks(word, times[known], score[known], threshold, fired)

    def _columns(self, envelope: Envelope, first: float, end: float) -> tuple[slice, np.ndarray]:
        """The columns between two times in seconds, and the times of their middles."""
        width, start = envelope.width / self._rate, self._stretch.start
        stop = min(math.ceil((end - start) / width), len(envelope.low))
        columns = slice(int((first - start) / width), stop)
        return columns, (np.arange(columns.start, columns.stop) + 0.5) * width + start


def _near(times: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Which of the ascending times lie near one of the ascending moments."""
    after = np.searchsorted(moments, times - _NEAR_SECONDS)
    before = np.searchsorted(moments, times + _NEAR_SECONDS)
    return after < before
