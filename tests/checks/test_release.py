"""Each promise on the release's list of files is seen failing."""

from assets import tables
from assets.release.formats import FORMATS
from checks import release
from tests.promises import assert_each_promise_can_fail

FILES = [
    ("README.md", None, 0),
    *((form.path(split), split, 5) for form in FORMATS for split in tables.SPLITS),
]
GOOD = [
    {"file": file, "release": "r1", "split": split, "rows": rows, "bytes": 10, "sha256": "0123456789abcdef" * 4}
    for file, split, rows in FILES
]


def _where(split: str | None, **fields: object):
    return lambda rows: [{**row, **fields} if row["split"] == split else row for row in rows]


def test_each_promise_on_the_dataset_release_can_fail():
    assert_each_promise_can_fail(
        tables.DATASET_RELEASE,
        release.DATASET_RELEASE,
        good=GOOD,
        bad={
            "is_not_empty": lambda rows: [],
            "each_file_stands_once": lambda rows: [*rows, rows[0]],
            "the_release_is_whole": lambda rows: rows[1:],
            "each_file_has_a_hash": _where("train", sha256=None),
            "each_hash_is_a_sha256": _where(None, sha256="abc"),
            "all_files_are_of_one_release": _where("test", release="r2"),
            "there_is_something_to_train_on": _where("train", rows=0),
            "there_is_something_to_test_on": _where("test", rows=0),
        },
    )
