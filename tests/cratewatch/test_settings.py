from pathlib import Path

import pytest

from cratewatch.errors import SettingsError
from cratewatch.exposed_secrets import exposed_secrets
from cratewatch.secret_url import reveal
from cratewatch.settings import load_settings
from cratewatch.sources.musicbrainz.settings import MusicBrainzSource
from cratewatch.sources.storefront.settings import StorefrontSource


def write_toml(home: Path, text: str) -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / "cratewatch.toml").write_text(text)


def test_everything_lies_in_home_by_default(home: Path) -> None:
    settings = load_settings(home=home)
    assert str(settings.catalog_url) == f"sqlite:///{home}/catalog.db"
    assert settings.lake_path == f"{home}/lake"
    assert str(settings.gallery_uri) == f"{home}/gallery.db"


def test_arguments_beat_environment_beats_file_beats_default(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_toml(home, 'contact = "file"\nray_address = "file:1"\nlake_path = "file"')
    monkeypatch.setenv("CRATEWATCH_CONTACT", "environment")
    monkeypatch.setenv("CRATEWATCH_RAY_ADDRESS", "environment:1")
    settings = load_settings(home=home, contact="argument")
    assert settings.contact == "argument"
    assert settings.ray_address == "environment:1"
    assert settings.lake_path == f"{home}/file"
    assert settings.max_withdrawn_share == settings.max_changed_share == 0.5


def test_a_source_of_the_environment_stands_beside_those_of_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_toml(home, '[sources.shop]\nspider = "storefront"\nurl = "http://s"\nrate_per_s = 2')
    both = '{"shop": {"rate_per_s": 3}, "label": {"spider": "musicbrainz", "label": "x"}}'
    monkeypatch.setenv("CRATEWATCH_SOURCES", both)
    settings = load_settings(home=home)
    assert settings.source("shop") == StorefrontSource(
        spider="storefront", url="http://s", rate_per_s=3
    )
    assert settings.source("label") == MusicBrainzSource(spider="musicbrainz", label="x")


def test_home_from_the_environment_brings_its_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_toml(home, 'contact = "me@example.org"')
    monkeypatch.setenv("CRATEWATCH_HOME", str(home))
    assert load_settings().contact == "me@example.org"


def test_the_file_of_the_home_that_was_asked_for_is_read(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_toml(home, 'contact = "right"')
    write_toml(tmp_path / "other", 'contact = "wrong"')
    monkeypatch.setenv("CRATEWATCH_HOME", str(tmp_path / "other"))
    assert load_settings(home=home).contact == "right"


def test_relative_paths_count_from_home(home: Path) -> None:
    write_toml(home, 'lake_path = "data/lake"\ngallery_uri = "http://milvus:19530"')
    settings = load_settings(home=home)
    assert settings.lake_path == f"{home}/data/lake"
    assert str(settings.gallery_uri) == "http://milvus:19530"


@pytest.mark.parametrize("name", ["import", "Müller", "a b", "-x"])
def test_source_names_that_would_do_harm_are_refused(home: Path, name: str) -> None:
    write_toml(home, f'[sources."{name}"]\nspider = "storefront"\nurl = "http://shop"')
    with pytest.raises(SettingsError, match="sources"):
        load_settings(home=home)


def test_zero_is_a_value(home: Path) -> None:
    write_toml(home, "max_withdrawn_share = 0")
    assert load_settings(home=home).max_withdrawn_share == 0


def test_misspelt_keys_are_refused_everywhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_toml(home, 'contakt = "x"')
    with pytest.raises(SettingsError, match="contakt"):
        load_settings(home=home)
    write_toml(home, "")
    monkeypatch.setenv("CRATEWATCH_LAKE", "x")
    with pytest.raises(SettingsError, match=r"CRATEWATCH_LAKE; known: .*CRATEWATCH_LAKE_PATH"):
        load_settings(home=home)


FILE = r"/home/cratewatch\.toml"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('contakt = "x"', FILE + ": contakt: unknown key, perhaps `contact` is meant"),
        ('[source.a]\nspider = "storefront"', FILE + ": source: unknown key, perhaps `sources`"),
        ("zzz = 1", FILE + ": zzz: unknown key; known: cameras, catalog_url, contact, "),
        (
            '[sources.a]\nspider = "storefront"\nurl = "http://a"\nrate_pr_s = 3',
            FILE + ": sources.a.rate_pr_s: unknown key, perhaps `rate_per_s` is meant",
        ),
        ('[sources.a]\nspider = "storefront"', FILE + ": sources.a.url: is needed"),
        ('[sources.a]\nurl = "http://a"', "sources.a: `spider` is needed, one of storefront, mus"),
        ('[sources.a]\nspider = "storfront"', "sources.a: `spider` is none of storefront, musicb"),
        ("max_changed_share = -1", FILE + ": max_changed_share: .*greater than or equal to 0"),
        ("max_withdrawn_share = 3", FILE + ": max_withdrawn_share: .*less than or equal to 1"),
        ("gallery_keep_days = 1e300", FILE + ": gallery_keep_days: .*less than or equal to 36500"),
        ("logs_keep_days = inf", FILE + ": logs_keep_days: Input should be a finite number"),
        ("gallery_recall = nan", FILE + ": gallery_recall: Input should be a finite number"),
        (
            '[sources.a]\nspider = "storefront"\nurl = "http://a"\ndeadline_s = 1e300',
            FILE + ": sources.a.deadline_s: .*less than or equal to 1728000",
        ),
        (
            '[sources.a]\nspider = "storefront"\nurl = "http://a"\nrate_per_s = 1e-300',
            FILE + ": sources.a.rate_per_s: .*greater than or equal to 0.00001",
        ),
        ('lake_path = "a\\u0000b"', "lake_path holds a NUL character"),
        ("contact = ", FILE + ": no valid TOML: Invalid value .*; correct it"),
        ('contact = "a"\ncontact = "b"\n', FILE + ": no valid TOML: .*at line 2"),
        ("\x00", FILE + ": no valid TOML"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_what_was_meant(
    home: Path, text: str, message: str
) -> None:
    write_toml(home, text)
    with pytest.raises(SettingsError, match=message) as caught:
        load_settings(home=home)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("CRATEWATCH_MAX_WITHDRAWN_SHARE", "lots", "settings: CRATEWATCH_MAX_WITHDRAWN_SHARE: max"),
        ("cratewatch_max_withdrawn_share", "lots", "settings: CRATEWATCH_MAX_WITHDRAWN_SHARE: max"),
        ("CRATEWATCH_SOURCES", "{", "environment: CRATEWATCH_SOURCES: .*; give JSON"),
        ("cratewatch_contakt", "x", "environment: unknown setting cratewatch_contakt; known: CRA"),
    ],
)
def test_a_mistake_in_the_environment_is_named(
    home: Path, name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=message):
        load_settings(home=home)


def test_a_folder_in_the_place_of_the_file_is_not_passed_over(home: Path) -> None:
    (home / "cratewatch.toml").mkdir(parents=True)
    with pytest.raises(SettingsError, match=FILE + ": not a file"):
        load_settings(home=home)


def test_a_file_that_is_not_utf_8_is_named(home: Path) -> None:
    home.mkdir()
    (home / "cratewatch.toml").write_bytes('contact = "ü"'.encode("utf-16"))
    with pytest.raises(SettingsError, match=FILE + ": no valid TOML"):
        load_settings(home=home)


def test_broken_toml_names_the_file(home: Path) -> None:
    write_toml(home, "contact = ")
    with pytest.raises(SettingsError, match=r"cratewatch\.toml"):
        load_settings(home=home)


def test_settings_do_not_change(home: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings(home=home).contact = "x"


def test_sources_by_spider(home: Path) -> None:
    write_toml(
        home,
        """
        [sources.shop]
        spider = "storefront"
        url = "https://shop.example"
        [sources.label]
        spider = "musicbrainz"
        label = "46f0f4cd-8aab-4b33-b698-f459faf64190"
        """,
    )
    settings = load_settings(home=home)
    assert isinstance(settings.source("shop"), StorefrontSource)
    label = settings.source("label")
    assert isinstance(label, MusicBrainzSource)
    assert label.rate_per_s == 1.0
    with pytest.raises(SettingsError, match=r"'other' is not configured \(known: label, shop\)"):
        settings.source("other")


@pytest.mark.parametrize(
    ("entity", "message"),
    [("", "exactly one"), ('label = "a"\nartist = "b"', "exactly one"), ("rate = 3", "rate")],
)
def test_a_source_that_makes_no_sense_is_refused(home: Path, entity: str, message: str) -> None:
    write_toml(home, f'[sources.mb]\nspider = "musicbrainz"\n{entity}')
    with pytest.raises(SettingsError, match=message):
        load_settings(home=home)


def test_settings_show_no_secret(home: Path) -> None:
    write_toml(
        home,
        'catalog_url = "postgresql://watch:hush@db/crates?sslpassword=hush"\n'
        'gallery_uri = "http://root:a@hush@milvus:19530"\ngallery_token = "root:hush"\n'
        's3_endpoint = "http://me:hush@store"\ns3_access_key = "hush"\ns3_secret_key = "hush"\n',
    )
    settings = load_settings(home=home)
    parts = (settings.lake, settings.gallery, settings.catalog_url, settings.model_dump())
    for shown in (settings, *parts):
        assert "hush" not in f"{shown} {shown!r}"
    assert "hush" not in settings.model_dump_json()
    assert reveal(settings.gallery_token) == "root:hush"


@pytest.mark.parametrize(
    "text",
    [
        's3_access_key = "hush"',
        "catalog_url = ['hush']",
        'gallery_token = {a = "hush"}',
        'contact = "https://me:hush@example.org"',
        'ray_address = "ray://me:hush@head:10001"',
        'lake_path = "s3://KEY:hush@bucket"',
        'gallery_import_path = "s3://KEY:hush@bucket"',
        '[sources.a]\nspider = "storefront"\nurl = "https://me:hush@shop.example"',
        '[sources.a]\nspider = "musicbrainz"\nlabel = "x"\nurl = "https://me:hush@mb.example"',
    ],
)
def test_a_mistake_shows_no_secret(home: Path, text: str) -> None:
    write_toml(home, text)
    with pytest.raises(SettingsError) as error:
        load_settings(home=home)
    assert "hush" not in str(error.value)
    assert "hush" not in str(error.value.__cause__)


EXPOSED = [
    ('gallery_token = "root:hush"', True),
    ('s3_access_key = "a"\ns3_secret_key = "b"', True),
    ('catalog_url = "postgresql://watch:hush@db/crates"', True),
    ('catalog_url = "postgresql://watch@db/crates"', False),
    ('catalog_url = "sqlite:///catalog.db"\ngallery_uri = "http://milvus:19530"', False),
    ('gallery_uri = "http://root:hush@milvus:19530"', True),
    ('contact = "me@example.org"', False),
    ('[notify]\nurls = ["mailto://me:hush@example.org"]', True),
    ('[notify]\nevents = ["failed"]', False),
]


@pytest.mark.parametrize(("text", "secret"), EXPOSED)
def test_secrets_that_others_may_read_are_found(home: Path, text: str, secret: bool) -> None:
    write_toml(home, text)
    file = home / "cratewatch.toml"
    for mode, readable in ((0o644, True), (0o640, True), (0o604, True), (0o600, False)):
        file.chmod(mode)
        assert exposed_secrets(home) == (file if secret and readable else None)


def test_no_file_exposes_nothing(home: Path) -> None:
    assert exposed_secrets(home) is None
