import pytest

from custom_components.hashwarm.engine.heater.cpu_quota import cpu_quota, within_quota


def test_the_second_version_of_cgroups(tmp_path):
    (tmp_path / "cpu.max").write_text("200000 100000\n")
    assert cpu_quota(tmp_path) == 2.0


def test_the_first_version_of_cgroups(tmp_path):
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("150000\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert cpu_quota(tmp_path) == 1.5


@pytest.mark.parametrize("text", ["max 100000", "", "none", "0 0"])
def test_no_limit_is_none(tmp_path, text):
    (tmp_path / "cpu.max").write_text(text)
    assert cpu_quota(tmp_path) is None


def test_no_cgroups_is_none(tmp_path):
    assert cpu_quota(tmp_path) is None


@pytest.mark.parametrize(
    ("threads", "quota", "expected"),
    [(15, None, (15, 1.0)), (15, 4.0, (3, 1.0)), (15, 2.0, (1, 1.0)), (15, 1.0, (1, 0.5)), (3, 0.2, (1, 0.1))],
)
def test_home_assistant_keeps_its_share(threads, quota, expected):
    assert within_quota(threads, quota) == pytest.approx(expected)
