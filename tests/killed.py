"""`refinery` in a process that the machine takes away: `python -m tests.killed KILLS.json ARGUMENT...`.

The file lists (asset, moment) still to come. Where an asset of it is about to be published, its next entry is struck
out and the process killed, as by a power cut:

- computed: before anything is written;
- half: with half of a file on disk;
- unnamed: table and ledger are there, and no manifest names them;
- named: the manifest is there, and nobody was told.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

MOMENTS = ("computed", "half", "unnamed", "named")


class Killer:
    """Knows what is being published and when that is to end."""

    def __init__(self, kills: Path) -> None:
        self._file, self._asset = kills, ""
        self._left: list[list[str]] = json.loads(kills.read_text())

    def publishes(self, asset: str) -> None:
        self._asset = asset
        self.at("computed", asset)

    def at(self, moment: str, asset: str | None = None) -> None:
        if self.strikes(moment, asset):
            self._left.remove([asset or self._asset, moment])
            self._file.write_text(json.dumps(self._left))
            os.kill(os.getpid(), signal.SIGKILL)

    def strikes(self, moment: str, asset: str | None = None) -> bool:
        """Whether this is the next moment of the asset's that is left."""
        mine = [m for a, m in self._left if a == (asset or self._asset)]
        return mine[:1] == [moment]


def main(kills: Path, arguments: list[str]) -> None:
    from dagster_project.cli import app
    from dagster_project.resources.lake import Lake

    killer = Killer(kills)
    publish, put_manifest, fsync = Lake.publish, Lake.put_manifest, os.fsync

    def published(lake: Lake, asset: str, *given: Any, **more: Any) -> Any:
        killer.publishes(asset)
        return publish(lake, asset, *given, **more)

    def synced(file: int) -> None:
        if killer.strikes("half"):
            os.ftruncate(file, os.fstat(file).st_size // 2)
        killer.at("half")
        fsync(file)

    def named(lake: Lake, asset: str, *given: Any) -> None:
        killer.at("unnamed", asset)
        put_manifest(lake, asset, *given)
        killer.at("named", asset)

    Lake.publish, Lake.put_manifest, os.fsync = published, named, synced  # type: ignore[method-assign,assignment]
    app(arguments)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
