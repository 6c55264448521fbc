import pytest

from tests import models


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    return models.tiny(tmp_path_factory.mktemp("base") / "tiny")
