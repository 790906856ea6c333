"""The lessons run, and what they assert holds."""

import runpy
from pathlib import Path
from time import perf_counter

import pytest

LESSONS = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))


def test_there_are_lessons() -> None:
    assert [lesson.name[:3] for lesson in LESSONS] == ["01_", "02_", "03_", "04_"]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_runs_in_a_minute(lesson: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begun = perf_counter()
    runpy.run_path(str(lesson), run_name="__main__")
    assert perf_counter() - begun < 60
    assert capsys.readouterr().out.count("\n") > 5
