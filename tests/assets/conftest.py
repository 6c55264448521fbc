import pytest

from tests import models


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    return models.tiny(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="session")
def release(tmp_path_factory):
    return models.release(tmp_path_factory.mktemp("releases") / "r")
