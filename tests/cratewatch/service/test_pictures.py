"""Pictures that are sent, and what comes back."""

from __future__ import annotations

import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from cratewatch.lake.folder import FolderLake
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.model_aids import save_calibration
from cratewatch.retrieval.verdict import Calibration
from cratewatch.service import schemas
from cratewatch.service.app import create_app
from cratewatch.settings import load_settings
from tests.command_line import run_here
from tests.cratewatch.service.conftest import fill
from tests.pictures import draw_noise
from tests.waiting import until

if TYPE_CHECKING:
    from tests.templates import Template


def send(client: TestClient, *files: bytes, **fields: Any) -> Any:
    parts = [("pictures", (f"{n}.jpg", data)) for n, data in enumerate(files)]
    return client.post("/v1/identify", files=parts, data={"sleeves": "crop", **fields})


def png(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (width, height)).save(file, "PNG")
    return file.getvalue()


def jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


def test_a_picture_is_answered_as_the_command_answers_it(
    client: TestClient, shop: Path, pictures: list[bytes], tmp_path: Path
) -> None:
    file = tmp_path / "0.jpg"
    file.write_bytes(pictures[5])
    answer = send(client, pictures[5])
    assert answer.status_code == 200
    told = answer.json()
    schemas.Answers.model_validate(told)
    (shown,) = told["answers"]
    with pytest.MonkeyPatch.context() as patch:
        # The command reads the file itself: the service holds none but its copy.
        options = ("--sleeves", "crop", "--withdrawn", "--json", "--home", str(shop))
        said = run_here(patch, "identify", str(file), *options)
    assert json.loads(said.stdout) | {"query": "0.jpg"} == shown


def test_base64_and_files_are_answered_alike(client: TestClient, pictures: list[bytes]) -> None:
    texts = [base64.b64encode(data).decode() for data in pictures[:2]]
    texts[1] = f"data:image/jpeg;base64,{texts[1]}"
    sent = {"pictures": [{"name": f"{n}.jpg", "data": text} for n, text in enumerate(texts)]}
    answer = client.post("/v1/identify", json={**sent, "sleeves": "crop"})
    assert answer.json() == send(client, *pictures[:2]).json()


def test_what_arrives_together_is_looked_at_together(
    client: TestClient, pictures: list[bytes]
) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda data: send(client, data, top=1), pictures[:8]))
    covers = [answer.json()["answers"][0]["matches"][0]["cover_id"] for answer in answers]
    assert len(set(covers)) == 8
    batches = client.get("/metrics").text
    assert "cratewatch_batch_pictures_count" in batches


def test_sleeves_are_found_and_cut_out(client: TestClient, pictures: list[bytes]) -> None:
    scene = Image.new("RGB", (900, 700), "grey")
    scene.paste(Image.open(io.BytesIO(pictures[3])).resize((330, 330)), (200, 180))
    file = io.BytesIO()
    scene.save(file, "PNG")
    answer = send(client, file.getvalue(), sleeves="find", crops="true").json()["answers"][0]
    assert all(sleeve["crop"].startswith("data:image/jpeg;base64,") for sleeve in answer["sleeves"])


def test_of_a_calibrated_model_what_is_probable_enough_is_known(
    template: Template, home: Path
) -> None:
    fill(template, home)
    lake = FolderLake(home / "lake")
    even = Calibration(0.99, 0.0, 0.5, 0.8, 0.01, 0.01, 0.9, 0.0, 100, SearchConfig())
    (model,) = (lake.root / "models").iterdir()
    save_calibration(lake, model.name, even)  # each match is 40 % likely
    with TestClient(create_app(load_settings(home=home)), base_url="http://localhost") as client:
        until(lambda: client.get("/readyz").status_code == 200, 60)
        crop = jpeg(draw_noise(99))  # of no cover: of a copy the answer is sure
        told = send(client, crop).json()["answers"][0]
        assert told["probability"] == pytest.approx(0.4)
        for least, known in ((0, True), (0.39, True), (0.41, False), (1, False)):
            answer = send(client, crop, probability=least).json()["answers"][0]
            assert (answer["known"], answer["verdict"]) == (known, told["verdict"])


def test_an_answer_counts_as_known_from_a_probability_on(
    client: TestClient, pictures: list[bytes]
) -> None:
    assert send(client, pictures[0], probability=1).json()["answers"][0]["known"] is True


@pytest.mark.parametrize(
    ("files", "fields", "status", "reason"),
    [
        ([], {}, 422, "no_picture"),
        ([b"no picture"], {}, 422, "unreadable"),
        ([b""], {}, 422, "unreadable"),
        ([png(3000, 3000)], {}, 422, "unreadable"),
        ([b"x" * (1024 * 1024 + 1)], {}, 413, "too_large"),
        ([b"x"] * 5, {}, 413, "too_many"),
        ([b"x"] * 10_000, {}, 413, "too_many"),
        ([png(64, 64)], {"top": 0}, 422, "invalid"),
        ([png(64, 64)], {"topp": 3}, 422, "invalid"),
        ([png(64, 64)], {"probability": "nan"}, 422, "invalid"),
        ([png(64, 64)], {"genre": "polka"}, 422, "nothing_wanted"),
        ([png(64, 64)], {"year": "soon"}, 422, "refused"),
    ],
)
def test_what_is_wrong_is_a_problem(
    client: TestClient, files: list[bytes], fields: dict, status: int, reason: str
) -> None:
    parts = [("pictures", (f"{n}.jpg", data)) for n, data in enumerate(files)]
    parts = parts or [("nothing", (None, b""))]  # type: ignore[list-item]
    if not files:
        answer = client.post("/v1/identify", files={}, data={}, json={"pictures": []})
        reason = "invalid"
    else:
        answer = client.post("/v1/identify", files=parts, data=fields)
    check_problem(answer, status, reason)


def check_problem(answer: Any, status: int, reason: str) -> None:
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    schemas.Problem.model_validate(told)
    assert (answer.status_code, told["status"], told["reason"]) == (status, status, reason)


def test_bad_json_base64_and_kinds_of_content(client: TestClient) -> None:
    for body in ("{", "[]", '{"pictures": "x"}', "null", '{"pictures": [{"data": 1}]}'):
        answer = client.post(
            "/v1/identify", content=body, headers={"Content-Type": "application/json"}
        )
        check_problem(answer, 422, "invalid")
    for name, value in (("withdrawn", 0), ("crops", "yes"), ("top", "3"), ("probability", True)):
        told = {"pictures": [{"data": "QQ=="}], name: value}
        check_problem(client.post("/v1/identify", json=told), 422, "invalid")
    wrong = {"pictures": [{"data": "!!!"}]}
    check_problem(client.post("/v1/identify", json=wrong), 422, "no_base64")
    check_problem(client.post("/v1/identify", content=b"x"), 415, "wrong_content_type")
    many = {"pictures": [{"data": "QQ=="}] * 5}
    check_problem(client.post("/v1/identify", json=many), 413, "too_many")


def test_one_bad_picture_costs_the_others_nothing(
    client: TestClient, pictures: list[bytes]
) -> None:
    told = send(client, b"no picture", pictures[1]).json()["answers"]
    assert told[0]["error"].startswith("not_an_image: ")
    assert told[1]["known"] is True


def test_a_large_body_is_refused_by_its_length(client: TestClient) -> None:
    answer = client.post("/v1/identify", content=b"x" * (5 * 1024 * 1024))
    check_problem(answer, 413, "too_large")


def test_releases_and_pictures_are_priced(client: TestClient, pictures: list[bytes]) -> None:
    told = client.post("/v1/price", json={"release_ids": ["shop:1", "shop:none"]}).json()
    schemas.Estimates.model_validate(told)
    assert ["error" in one for one in told["prices"]] == [True, True]
    assert "no such release" in told["prices"][1]["error"]
    asked = client.post("/v1/price", files=[("pictures", ("a.jpg", pictures[0]))]).json()
    assert asked["prices"][0]["query"] == "a.jpg"
    for wrong, reason in (
        ({"release_ids": []}, "nothing_asked"),
        ({"release_ids": ["shop:1"], "currency": "XXQ"}, "no_currency"),
        ({"release_ids": ["shop:1"], "currency": "-1"}, "no_currency"),
        ({"release_ids": ["shop:1"], "condition": "splendid"}, "no_grade"),
    ):
        check_problem(client.post("/v1/price", json=wrong), 422, reason)
