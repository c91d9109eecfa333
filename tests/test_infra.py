"""The stack's files against the compose schema and the code."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cratewatch.settings import Settings, load_settings
from cratewatch.settings_layers import CONFIG_NAME, ENV_PREFIX

ROOT = Path(__file__).parents[1]
INFRA = ROOT / "infra"
VARIABLE = re.compile(r"\$\{(\w+)(:\?|:-[^}]*)?\}")
# What ends by itself once its work is done.
ONCE = {"s3-bucket", "prefect-deployments", "cratewatch"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((INFRA / "compose.yaml").read_text())
    return loaded


def example_variables() -> dict[str, str]:
    lines = (INFRA / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def filled_in(text: str) -> str:
    """Put a value for each variable, as compose does."""
    return VARIABLE.sub(lambda found: f"{found[1].lower()}-value", text)


def dockerfile() -> list[str]:
    text = (INFRA / "Dockerfile").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("name", ["compose.yaml", "compose.tls.yaml"])
def test_compose_files_follow_the_compose_schema(name: str) -> None:
    checked = subprocess.run(
        [
            Path(sys.executable).with_name("check-jsonschema"),
            "--builtin-schema",
            "vendor.compose-spec",
            INFRA / name,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_every_image_has_a_version(compose: dict[str, Any]) -> None:
    images = {service["image"] for service in compose["services"].values()}
    images |= {line.split()[1] for line in dockerfile() if line.startswith("FROM")}
    for image in images:
        name, _, tag = image.partition(":")
        assert re.search(r"\d", tag), image
        assert "." not in name.partition("/")[0], f"{image} names a registry"


def test_a_service_that_goes_on_is_restarted_and_checked(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        goes_on = name not in ONCE
        assert ("healthcheck" in service) == goes_on, name
        assert service["restart"] == ("unless-stopped" if goes_on else "no"), name


def test_a_service_waits_for_what_it_needs_to_be_healthy_or_done(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in compose["services"], name
            done = "completed_successfully" if needed in ONCE else "healthy"
            assert how["condition"] == f"service_{done}", f"{name} on {needed}"


def test_what_services_mount_is_declared_or_there(compose: dict[str, Any]) -> None:
    named = set()
    for service in compose["services"].values():
        assert {config["source"] for config in service.get("configs", [])} <= set(
            compose["configs"]
        )
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (INFRA / source).is_file(), volume
            else:
                named.add(source)
    assert named == set(compose["volumes"])


def test_only_what_crawls_reaches_other_networks(compose: dict[str, Any]) -> None:
    assert compose["networks"]["stores"] == {"internal": True}
    outside = {name for name, service in compose["services"].items() if len(networks(service)) > 1}
    assert outside == {"prefect-worker", "cratewatch", "prefect-server", "serve"}
    assert networks(compose["services"]["serve"]) == {"stores", "page"}
    assert networks(compose["services"]["prefect-server"]) == {"stores", "page"}
    for name in ("postgres", "s3", "milvus"):
        assert networks(compose["services"][name]) == {"stores"}
    etcd = compose["configs"]["milvus-etcd"]["content"]
    assert set(re.findall(r"http://([\d.]+):", etcd)) == {"127.0.0.1"}
    assert "-ip.bind=127.0.0.1" in compose["services"]["s3"]["command"]


def networks(service: dict[str, Any]) -> set[str]:
    return set(service["networks"])


def test_nobody_gains_privileges_and_seccomp_stays_on(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_images_are_pinned_by_what_a_registry_says(
    compose: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text("#!/bin/sh\necho sha256:$(echo $4 | sha256sum | cut -c1-64)\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(docker.parent), prepend=":")
    for file in ("compose.yaml", "pin-images.sh"):
        shutil.copy(INFRA / file, tmp_path)
    subprocess.run([tmp_path / "pin-images.sh"], check=True, capture_output=True)
    pinned = yaml.safe_load((tmp_path / "compose.digests.yaml").read_text())["services"]
    theirs = {
        name: service["image"]
        for name, service in compose["services"].items()
        if not service["image"].startswith("cratewatch:")
    }
    assert {name: service["image"].partition("@")[0] for name, service in pinned.items()} == theirs
    for service in pinned.values():
        assert re.search(r"@sha256:[0-9a-f]{64}$", service["image"])


def test_secrets_stand_in_the_env_file_only(compose: dict[str, Any]) -> None:
    text = (INFRA / "compose.yaml").read_text()
    asked = {found[1]: found[2] for found in VARIABLE.finditer(text)}
    example = example_variables()
    assert set(asked) == set(example)
    for name, value in example.items():
        # Compose refuses to start without a value where there is no default.
        assert asked[name] == (f":-{value}" if value else ":?"), name
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN|AUTH_STRING|ACCESS_KEY", name):
                assert VARIABLE.search(value), name


def test_the_services_settings_are_those_of_cratewatch(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / CONFIG_NAME).write_text((INFRA / CONFIG_NAME).read_text())
    for name in ("cratewatch", "prefect-worker"):
        for variable, value in compose["services"][name]["environment"].items():
            if variable.startswith(ENV_PREFIX):
                monkeypatch.setenv(variable, filled_in(value))
        settings = load_settings(home=home)
        # Those of inference, of one shop's gallery and of its prices are right as they are.
        unset = {"home", "sources", "notify", "max_withdrawn_share", "max_changed_share"}
        unset |= {"tills", "currency", "rates_path", "min_yield_share", "max_failed_share"}
        unset |= {"runtime", "precision", "device"}
        unset |= {f"gallery_{name}" for name in ("ca", "tenant", "index", "recall", "keep_days")}
        unset |= {"gallery_import_path", "logs_keep_days", "ledger_keep_days"}
        unset |= {"crops_keep_days", "footage_keep_days", "handlings_keep_days"}
        unset |= {"cameras", "footage_name", "timezone"}
        unset |= {"index_persons", "words_model", "words_captions", "facets_of_persons"}
        for field in set(Settings.model_fields) - unset:
            assert f"{ENV_PREFIX}{field.upper()}" in compose["services"][name]["environment"]
        assert str(settings.catalog_url).endswith("@postgres:5432/cratewatch")
        assert settings.lake.path.startswith("s3://crates/")


def test_tls_is_spoken_by_milvus_and_by_all_that_ask_it(compose: dict[str, Any]) -> None:
    tls = yaml.safe_load((INFRA / "compose.tls.yaml").read_text())
    milvus = tls["services"].pop("milvus")
    (config,) = milvus["configs"]
    files = yaml.safe_load(tls["configs"][config["source"]]["content"])["tls"]
    (mounted,) = milvus["volumes"]
    assert all(file.startswith(mounted.split(":")[-2]) for file in files.values())
    asking = {
        name
        for name, service in compose["services"].items()
        if f"{ENV_PREFIX}GALLERY_URI" in service.get("environment", {})
    }
    assert set(tls["services"]) == asking
    for service in tls["services"].values():
        assert service["environment"][f"{ENV_PREFIX}GALLERY_URI"].startswith("https://milvus:")
        authority = service["environment"][f"{ENV_PREFIX}GALLERY_CA"]
        assert service["volumes"] == [f"${{MILVUS_CERTS:?}}/ca.crt:{authority}:ro"]


@pytest.mark.parametrize("name", ["standalone", "cluster"])
def test_milvus_on_kubernetes_asks_for_a_password_and_speaks_tls(
    compose: dict[str, Any], name: str
) -> None:
    text = (INFRA / "milvus" / f"{name}.yaml").read_text()
    values = yaml.safe_load(text)
    security = yaml.safe_load(values["extraConfigFiles"]["user.yaml"])["common"]["security"]
    assert security == {"authorizationEnabled": True, "tlsMode": 1}
    image, _, tag = compose["services"]["milvus"]["image"].partition(":")
    assert (image, tag) == ("milvusdb/milvus", values["image"]["all"]["tag"])
    assert "accessKey:" not in text
    assert "secretKey:" not in text
    starts = values["standalone"] if name == "standalone" else values["mixCoordinator"]
    (password,) = starts["extraEnv"]
    assert password["name"] == "COMMON_SECURITY_DEFAULTROOTPASSWORD"
    assert password["valueFrom"]["secretKeyRef"]["name"] in text.split("helm upgrade")[0]


def test_addresses_name_services(compose: dict[str, Any]) -> None:
    texts = [str(service.get("environment", {})) for service in compose["services"].values()]
    hosts = set(re.findall(r"(?:://|@)([a-z][\w-]*):\d+", "\n".join(texts)))
    assert hosts
    assert hosts <= set(compose["services"])


def test_the_image_holds_what_the_wheel_needs_and_runs_as_nobody_special() -> None:
    lines = dockerfile()
    copied = [
        source
        for line in lines
        if line.startswith("COPY") and "--from" not in line
        for source in line.split()[1:-1]
    ]
    ignored = (INFRA / "Dockerfile.dockerignore").read_text().splitlines()
    for source in copied:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored, source
    packages = {"src", "flows", "scrapers", "workers", "pyproject.toml", "constraints.txt"}
    assert packages | {"README.md", "LICENSE", "prefect.yaml"} == set(copied)
    users = [line.split()[1] for line in lines if line.startswith("USER")]
    assert users == ["cratewatch"]
    assert lines.index("USER cratewatch") > max(
        number for number, line in enumerate(lines) if line.startswith("RUN")
    )
    (uv,) = re.findall(r"uv==(\S+)", "\n".join(lines))
    assert f"UV_VERSION := {uv}\n" in (ROOT / "Makefile").read_text()


def test_the_test_dependencies_are_installed_quietly_where_they_are_there_already() -> None:
    done = subprocess.run(
        [INFRA / "install-test-deps.sh"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_apt_the_test_dependencies_are_asked_for(tmp_path: Path) -> None:
    script = (INFRA / "install-test-deps.sh").read_text()
    moved = script.replace("/usr/lib/postgresql", str(tmp_path))  # as if there were none
    done = subprocess.run(
        ["/bin/bash", "-c", moved],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no apt-get here; install PostgreSQL's server" in done.stderr
    assert len(done.stderr.splitlines()) == 1
