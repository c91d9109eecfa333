import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cratewatch.errors import CratewatchError
from cratewatch.secret_url import SecretUrl
from cratewatch.sources.musicbrainz.settings import MusicBrainzSource
from cratewatch.sources.storefront.settings import StorefrontSource
from scrapers import launch
from scrapers.launch import CrawlJob, run_crawl


def crawlers_of(parent_pid):
    """Return the pids of the living crawl processes that a process started."""
    pids = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if int(status[1]) == parent_pid and status[0] != "Z" and b"scrapers.crawl" in command:
            pids.append(int(folder.name))
    return pids


def wait_until(true, seconds=6.0):
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


@pytest.fixture(autouse=True)
def _no_forks(monkeypatch):
    """Here it is the process that is looked at, as a flow starts it."""
    monkeypatch.setattr(launch, "subprocess", subprocess)


@pytest.fixture
def endless_shop(site):
    """A shop whose pages each take their time."""
    pages = "".join(f"<url><loc>{site.url}/p/{n}</loc></url>" for n in range(500))
    site.add("/sitemap.xml", f"<urlset>{pages}</urlset>")
    for n in range(500):
        site.add(f"/p/{n}", "<html></html>", delay_s=0.2)
    return site


@pytest.mark.parametrize(
    "source",
    [
        StorefrontSource(spider="storefront", url="http://shop.example", rate_per_s=0.5),
        MusicBrainzSource(
            spider="musicbrainz", release_group="b84625af-6229-305f-9f1b-59c0185df016"
        ),
    ],
)
def test_a_job_survives_its_way_to_the_child(workplace, source):
    job = workplace.job("covers", source)
    assert CrawlJob.from_json(job.to_json()) == job


@pytest.mark.parametrize(
    "source",
    [
        StorefrontSource(spider="storefront", url="https://shop.example"),
        MusicBrainzSource(spider="musicbrainz", label="x"),
        MusicBrainzSource(spider="musicbrainz", label="x", url="http://127.0.0.1:1"),
    ],
)
def test_without_a_contact_nobody_beyond_loopback_is_asked(workplace, source):
    with pytest.raises(CratewatchError, match="set `contact`"):
        workplace.crawl("releases", source)
    assert not workplace.log_path.exists()


def test_an_error_that_the_user_can_mend_arrives_as_it_is(workplace, storefront, tmp_path):
    job = workplace.job("covers", storefront("http://127.0.0.1:1"))
    (tmp_path / "file").write_text("")
    with pytest.raises(CratewatchError, match="catalog_url"):
        run_crawl(replace(job, catalog_url=SecretUrl(f"sqlite:///{tmp_path}/file/catalog.db")))


USERS_OWN = ("random.py", "extruct.py", "scrapy.py", "queue.py", "cratewatch.py")


@pytest.fixture
def folder_of_a_programmer(tmp_path, monkeypatch):
    """The working folder: it holds modules of the user's own that nothing of ours may import."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    for name in USERS_OWN:
        (folder / name).write_text("raise SystemExit('the user's own')\n")
    monkeypatch.chdir(folder)


@pytest.mark.usefixtures("folder_of_a_programmer")
def test_modules_of_the_user_are_none_of_the_crawl_s(workplace, site, storefront):
    site.add("/sitemap.xml", f"<urlset><url><loc>{site.url}/p/1</loc></url></urlset>")
    site.add("/p/1", "<html></html>")
    report = workplace.crawl("releases", storefront(site.url))
    assert report.complete


def test_a_child_that_dies_is_reported_with_its_log(workplace, endless_shop, storefront):
    def kill(progress):
        (pid,) = crawlers_of(os.getpid())
        os.kill(pid, signal.SIGKILL)

    job = workplace.job("releases", storefront(endless_shop.url))
    with pytest.raises(CratewatchError, match=r"exit code -9.*crawl\.log"):
        run_crawl(job, kill)


def test_an_interrupt_ends_the_child_too(workplace, endless_shop, storefront):
    def interrupt(progress):
        raise KeyboardInterrupt

    job = workplace.job("releases", storefront(endless_shop.url))
    with pytest.raises(KeyboardInterrupt):
        run_crawl(job, interrupt)
    assert crawlers_of(os.getpid()) == []
    asked = len(endless_shop.requests)
    time.sleep(0.5)
    assert len(endless_shop.requests) == asked


PARENT = """
import sys
from scrapers.launch import CrawlJob, run_crawl
run_crawl(CrawlJob.from_json(sys.argv[1]), lambda progress: print("on its way", flush=True))
"""


def test_the_child_does_not_outlive_a_killed_parent(workplace, endless_shop, storefront):
    job = workplace.job("releases", storefront(endless_shop.url))
    command = [sys.executable, "-c", PARENT, job.to_json()]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        (child,) = crawlers_of(parent.pid)
        parent.kill()
    assert wait_until(lambda: not Path(f"/proc/{child}").exists())


def test_a_terminated_crawl_is_incomplete(workplace, endless_shop, storefront):
    def terminate(progress):
        if progress.done > 3 and not endless_shop.count("told"):
            endless_shop.requests.append((0.0, "told", {}))
            (pid,) = crawlers_of(os.getpid())
            os.kill(pid, signal.SIGTERM)

    report = run_crawl(workplace.job("releases", storefront(endless_shop.url)), terminate)
    assert not report.complete
    assert report.requests < 500


def test_a_job_shows_no_secret_but_to_its_child(workplace, storefront):
    job = workplace.job("covers", storefront("http://127.0.0.1:1"))
    secret = replace(job, catalog_url=SecretUrl("postgresql://watch:hush@db/crates"))
    assert "hush" not in f"{secret} {secret!r}"
    assert "hush" in secret.to_json()
    assert CrawlJob.from_json(secret.to_json()) == secret
    with pytest.raises(ValueError, match="validation error") as error:
        CrawlJob.from_json(secret.to_json().replace('"job":', '"jop":'))
    assert "hush" not in str(error.value)
