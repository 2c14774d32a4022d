"""The benchmark: how figures become ratios, verdicts and a table, and that a short run works."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts import bench
from scripts.benchmark import BenchError, companions, ends, measures, proxies, recorded, report
from scripts.benchmark.ends import Load, Outcome
from scripts.benchmark.rows import ROWS, Goal, Row
from scripts.benchmark.running import BARE, DIRECT, OURS, Bench
from scripts.benchmark.stream_runs import Run

CHEAPER = Row("x", "a request", "ms", Goal("ratio", "≤", 1.0, 0.8))
needs_go = pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed: see go.dev/dl")


def test_the_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    judged = report.judge(CHEAPER, {"bare": [1.0, 4.0, 10.0], "ours": [2.0, 2.0, 9.0]})
    assert judged.ratios == [2.0, 0.5, 0.9]
    assert judged.ratio == 0.9
    assert judged.medians == {"bare": 4.0, "ours": 2.0}
    assert judged.verdict == "met"


def test_a_round_without_a_figure_leaves_the_others_paired() -> None:
    judged = report.judge(CHEAPER, {"bare": [None, 2.0, 0.0, 5.0], "ours": [3.0, 1.0, 1.0, None]})
    assert judged.ratios == [0.5]
    assert judged.medians["bare"] == 2.0


def test_what_a_proxy_adds_is_its_time_less_that_of_direct_in_the_same_round() -> None:
    row = Row("x", "added", "ms", added=True)
    judged = report.judge(row, {"direct": [1.0, 2.0], "bare": [3.0, 4.0], "ours": [2.0, None]})
    assert judged.rounds == {"direct": [0.0, 0.0], "bare": [2.0, 2.0], "ours": [1.0, None]}
    assert judged.ratios == [0.5]


def test_a_target_that_serves_nothing_has_no_verdict() -> None:
    judged = report.judge(CHEAPER, {"bare": [1.0]})
    assert (judged.ratio, judged.verdict) == (None, "-")
    assert report.judge(Row("x", "no goal", "ms"), {"ours": [1.0]}).verdict == ""


@pytest.mark.parametrize(
    ("goal", "ratio", "ours", "verdict"),
    [
        (Goal("ratio", "≤", 1.0, 0.8), 0.8, [99], "met, and the aim"),
        (Goal("ratio", "≤", 1.0, 0.8), 1.0, [99], "met"),
        (Goal("ratio", "≤", 1.0, 0.8), 1.01, [0], "not met"),
        (Goal("ratio", "≤", 1.0, 0.8), None, [0], "-"),
        (Goal("ratio", "≥", 2, 4), 4, [0], "met, and the aim"),
        (Goal("ratio", "≥", 2, 4), 1.9, [9], "not met"),
        (Goal("value", "≤", 50), 0.1, [51, None, 50, 49], "met"),
        (Goal("value", "≤", 50), 0.1, [51], "not met"),
        (Goal("value", "≤", 50), 0.1, [None], "-"),
        (Goal("worst", "≥", 100), 0.1, [100, 100], "met"),
        (Goal("worst", "≥", 100), 0.1, [100, 99, 100], "not met"),
        (Goal("worst", "≤", 0), 0.1, [0, 1, 0], "not met"),
    ],
)
def test_a_verdict_compares_the_figure_that_the_goal_is_about(
    goal: Goal, ratio: float | None, ours: list[float | None], verdict: str
) -> None:
    assert goal.verdict(ratio, ours) == verdict


def test_the_table_shows_medians_the_spread_of_the_ratio_and_the_goal() -> None:
    row = Row("x", "flat out", "1/s", Goal("ratio", "≥", 2, 4), digits=0)
    heading, line = report.table(
        [report.judge(row, {"direct": [300_000.0], "bare": [10_000.0, 8_000.0], "ours": [25_000.0, 16_000.0]})]
    ).splitlines()
    assert heading.split() == [*report.COLUMNS]
    assert " ".join(line.split()) == "flat out 1/s 300,000 9,000 20,500 - 2.25 2.00-2.50 ≥ 2x ≥ 4x met"


def test_the_json_has_every_round() -> None:
    judged = report.judge(CHEAPER, {"bare": [2.0, 4.0], "ours": [1.0, 1.0]})
    assert json.loads(json.dumps(report.as_json([judged]))) == [
        {
            "name": "x",
            "text": "a request",
            "unit": "ms",
            "rounds": {"bare": [2.0, 4.0], "ours": [1.0, 1.0]},
            "medians": {"bare": 3.0, "ours": 1.0},
            "ratios": [0.5, 0.25],
            "ratio": 0.375,
            "must": "≤ 1x",
            "aim": "≤ 0.8x",
            "verdict": "met, and the aim",
        }
    ]


def chosen(*arguments: str) -> tuple[list[str], int]:
    options = bench.parse(arguments)
    return [measure.name for measure in options.measures], options.rounds


def test_without_options_all_is_measured_and_quick_is_a_part_of_it() -> None:
    assert chosen() == ([measure.name for measure in measures.MEASURES], 5)
    assert chosen("--quick") == (["whole", "whole-kept", "paced", "flat"], 3)
    assert chosen("--only", "flat,whole", "--rounds", "2") == (["whole", "flat"], 2)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--only", "whole,speed"], "--only knows no 'speed': use some of whole, "),
        (["--rounds", "0"], "--rounds cannot be 0: use 1 or more"),
        (["--json", "/nowhere/x.json"], "--json cannot write '/nowhere/x.json': make its folder first"),
    ],
)
def test_a_wrong_option_is_named(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.parse(arguments)
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("kind", proxies.KINDS)
def test_every_proxy_runs_from_this_environment_on_a_loopback_port(kind: str) -> None:
    command, settings = proxies.command_line(kind, 7, 8)
    bare, web = kind.startswith("bare"), kind.startswith("listed")
    assert command[0] == str(Path(sys.executable).with_name("mitmweb" if web else "mitmdump"))
    assert command[-1] == ("reverse:http://127.0.0.1:7@127.0.0.1:8" if bare else "regular@127.0.0.1:8")
    assert ("-w" in command) == ("saved" in kind)
    assert settings.get("OPENAI_BASE_URL") == (None if bare else "http://127.0.0.1:7/v1")
    assert settings.get("PROXY_RECORD_MODE") == ("all" if kind == "recording" else None)
    assert settings.get("PROXY_COMPANIONS") == ("false" if "no companions" in kind else None)


def test_without_go_the_benchmark_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchError, match="needs Go"):
        ends.build(tmp_path)


def outcome(**told: Any) -> Outcome:
    nothing = {"unsupported": 0, "requests": 0, "complete": 0, "errors": None, "seconds": 0, "cpu_ns": None}
    times = dict.fromkeys(("latency_ms", "first_ms", "delay_ms", "gap_ms", "open", "marks_ns"))
    return Outcome(nothing | times | {"events": 0} | told)


def run_of(cpu_us: float, open_us: float, p99_ms: float) -> Run:
    opened = {"cpu_ns": open_us * 1e3 * 10, "events": 10}
    return Run(outcome(events=100, open=opened, delay_ms={"p99": p99_ms}), cpu_us * 100)


def test_what_recording_costs_is_the_mean_of_its_runs_to_that_of_the_runs_without() -> None:
    off, on = [run_of(100, 50, 1), run_of(300, 150, 3)], [run_of(200, 90, 4), run_of(240, 130, 6)]
    assert recorded.figures(off, on) == {
        "recorded.off": 200,
        "recorded.on": 220,
        "recorded.more": 1.1,
        "recorded.open": 1.1,
        "recorded.off_p99": 2,
        "recorded.on_p99": 5,
    }


def taken(cpu_us: float, request_ms: float) -> companions.Taken:
    return companions.Taken([run_of(cpu_us, cpu_us / 2, 1), run_of(cpu_us, cpu_us / 2, 3)], [request_ms, request_ms])


def test_what_companions_cost_is_told_for_saved_and_for_listed_flows_each_beside_the_same_without() -> None:
    ours = [taken(150, 3.5), taken(100, 2.5), taken(300, 4.5), taken(150, 2.5)]
    assert companions.our_figures(dict(zip(companions.OUR_KINDS, ours, strict=True))) == {
        "companions.saved": 150,
        "companions.saved_more": 1.5,
        "companions.saved_open": 1.5,
        "companions.saved_p99": 2,
        "companions.request": 3.5,
        "companions.request_more": 1,
        "companions.listed": 300,
        "companions.listed_more": 2,
        "companions.listed_open": 2,
        "companions.listed_p99": 2,
        "companions.listed_request_more": 2,
    }
    bare = companions.bare_figures({companions.BARE_KINDS[0]: taken(80, 3)})
    assert bare == {"companions.saved": 80, "companions.request": 3}


OF_RUNNING = [each for each in measures.MEASURES if each.name not in ("fresh", "recorded", "companions")]
"""The measures of proxies that are running; the others start their own."""


@pytest.mark.parametrize("measure", OF_RUNNING, ids=lambda x: x.name)
def test_a_run_in_which_all_failed_has_figures_of_nothing(
    measure: measures.Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ends, "run", lambda *_: outcome(requests=1, errors=["refused"]))
    told = Bench(Path(), 1, Path(), {"ours": proxies.Proxy(0, 2, 0.1), "bare": proxies.Proxy(0, 3, 0.1)})
    figures = measure.take(told, OURS)
    assert {figure for name, figure in figures.items() if "complete" not in name and name != "concurrent"} <= {None}
    assert told.failures[0].startswith("ours, ")
    assert "'refused'" in told.failures[0]
    assert any(row.name in figures for row in ROWS)


@needs_go
@pytest.mark.slow
def test_the_load_generator_passes_its_own_tests() -> None:
    done = subprocess.run(["go", "test", "./..."], cwd=ends.SOURCES, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_go
@pytest.mark.slow
def test_a_short_run_measures_every_target_and_writes_what_it_found(tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    options = ["--only", "whole-kept,concurrent,recorded,companions", "--rounds", "1", "--json", str(found)]
    command = [sys.executable, str(proxies.ROOT / "scripts" / "bench.py"), *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(found.read_text())
    rows = {row["name"]: row for row in told["rows"]}
    assert told["failures"] == []
    assert rows["whole-kept.p50"]["medians"].keys() >= {DIRECT.name, BARE.name, OURS.name}
    assert rows["concurrent"]["medians"] == {"direct": 0, "bare": 0, "ours": 0}
    assert rows["concurrent"]["verdict"] == "met"
    assert rows["recorded.more"]["medians"]["ours"] > 0
    assert rows["companions.saved"]["medians"].keys() == {BARE.name, OURS.name}
    assert rows["companions.listed_more"]["medians"]["ours"] > 0
    assert "100 requests at once, errors" in done.stdout


@needs_go
@pytest.mark.slow
def test_a_target_that_does_not_answer_is_a_failed_request_and_not_an_unsupported_one() -> None:
    program = ends.build(ends.cache_folder())
    refused = ends.run(program, Load("whole", requests=5), f"http://127.0.0.1:{proxies.free_port()}", "openai", 0)
    assert (refused.unsupported, refused.complete, refused.failed) == (0, 0, 1)
    assert "refused" in refused.errors[0]
