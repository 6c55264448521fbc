import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from assets.errors import RefineryError

ERROR = RefineryError("sources.desk, row 7", "the date cannot be read", "name its format under `dates`")


def fail() -> None:
    raise ERROR


def test_an_error_says_where_what_and_what_to_do_in_one_line() -> None:
    assert str(ERROR) == "sources.desk, row 7: the date cannot be read; name its format under `dates`"


def test_an_error_keeps_its_parts_when_it_is_pickled() -> None:
    again = pickle.loads(pickle.dumps(ERROR))
    assert type(again) is RefineryError
    assert (again.where, again.what, again.do) == (ERROR.where, ERROR.what, ERROR.do)


def test_an_error_crosses_a_process_border_whole() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool, pytest.raises(RefineryError) as caught:
        pool.submit(fail).result()
    assert str(caught.value) == str(ERROR)
    assert caught.value.do == ERROR.do
