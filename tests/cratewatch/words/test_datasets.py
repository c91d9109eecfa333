import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.words.datasets import read_persons
from cratewatch.words.peta import TRAIT_OF, look_of
from cratewatch.words.traits import TRAITS
from tests.cratewatch.words.made_persons import made_picture

LABELS = ["personalFemale", "upperBodyRed", "lowerBodyJeans", "hairLong", "carryingBackpack"]


def write_peta(folder: Path, *, in_tar: bool) -> None:
    records: list[dict[str, Any]] = [
        {"image": f"A/{n}.png", "person": f"A/{n // 2}", "labels": [*LABELS, "unheardOf"]}
        for n in range(4)
    ]
    (folder / "labels.jsonl").write_text("\n".join(map(json.dumps, records)))
    pictures = {record["image"]: made_picture(n) for n, record in enumerate(records)}
    if not in_tar:
        (folder / "images" / "A").mkdir(parents=True)
        for name, data in pictures.items():
            (folder / "images" / name).write_bytes(data)
        return
    with tarfile.open(folder / "images.tar", "w") as archive:
        for name, data in pictures.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


@pytest.mark.parametrize("in_tar", [False, True])
def test_attributes_become_looks(in_tar: bool, tmp_path: Path) -> None:
    write_peta(tmp_path, in_tar=in_tar)
    persons = read_persons(tmp_path)
    assert [person.identity for person in persons] == ["A/0", "A/0", "A/1", "A/1"]
    assert persons[0].look == {"female", "upper:red", "jeans", "long_hair", "backpack"}
    assert [person.picture for person in persons] == [made_picture(n) for n in range(4)]
    assert persons[0].captions == ()


def test_every_label_is_a_trait_and_none_is_two() -> None:
    assert set(TRAIT_OF.values()) <= set(TRAITS)
    assert len(set(TRAIT_OF.values())) == len(TRAIT_OF)
    assert look_of(["footwearGrey", "nothing of ours"]) == {"feet:grey"}


@pytest.mark.parametrize(
    ("file", "key"), [("reid_raw.json", "file_path"), ("caption_all.json", "img_path")]
)
def test_captions_by_hand_are_read_with_their_identities(
    file: str, key: str, tmp_path: Path
) -> None:
    (tmp_path / "imgs" / "cam_a").mkdir(parents=True)
    (tmp_path / "imgs" / "cam_a" / "7.png").write_bytes(made_picture(7))
    record = {"id": 3, key: "cam_a/7.png", "captions": ["A man in red.", "Red shirt."]}
    (tmp_path / file).write_text(json.dumps([record]))
    (person,) = read_persons(tmp_path)
    assert person.identity == "3"
    assert person.captions == ("A man in red.", "Red shirt.")
    assert person.look == frozenset()


def test_of_deep_fashion_the_name_tells_who_it_is(tmp_path: Path) -> None:
    names = [
        "MEN-Denim-id_00000080-01_7_additional.png",
        "MEN-Denim-id_00000080-01_1_front.png",
        "WOMEN-Tees-id_00000081-02_1_front.png",
    ]
    (tmp_path / "images").mkdir()
    for name in names:
        (tmp_path / "images" / name).write_bytes(made_picture(0))
    (tmp_path / "captions.json").write_text(json.dumps(dict.fromkeys(names, "A denim jacket.")))
    persons = read_persons(tmp_path)
    assert [person.identity for person in persons] == ["id_00000080", "id_00000080", "id_00000081"]
    assert persons[0].captions == ("A denim jacket.",)


def test_a_folder_without_a_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"labels\.jsonl.*captions\.json"):
        read_persons(tmp_path)


def test_what_is_damaged_is_told_with_its_place(tmp_path: Path) -> None:
    write_peta(tmp_path, in_tar=True)
    whole = (tmp_path / "labels.jsonl").read_text()
    (tmp_path / "labels.jsonl").write_text(whole.replace('"person"', '"persona"', 2))
    with pytest.raises(CratewatchError, match="line 1 is no record"):
        read_persons(tmp_path)
    (tmp_path / "labels.jsonl").write_text(whole.replace("A/3.png", "A/9.png"))
    with pytest.raises(CratewatchError, match=r"A/9\.png is named and is not there"):
        read_persons(tmp_path)
    (tmp_path / "images.tar").unlink()
    (tmp_path / "labels.jsonl").write_text(whole.replace("A/0.png", "../../etc/passwd"))
    with pytest.raises(CratewatchError, match="passwd is named and is not there"):
        read_persons(tmp_path)
