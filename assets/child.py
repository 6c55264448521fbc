"""A step in a process of its own: its memory is returned, its crash contained, its text kept to itself.

`python -m MODULE REQUEST.json OUT` is all a training machine needs; `run` starts it from here.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from assets.errors import RefineryError

_REFUSED = 2
_QUIET = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUNBUFFERED": "1",
    "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads on shared cores made training ten times slower
}
Request = TypeVar("Request", bound=BaseModel)


def run(module: str, request: BaseModel, out: Path, *, on_line: Callable[[str], object] = lambda _: None) -> None:
    """Run `python -m module` on the request until it is done, handing over each line it prints.

    Raises:
        RefineryError: As the child raised it; or the child died, with its exit code and where it was.
    """
    with tempfile.TemporaryDirectory(prefix="refinery-") as folder, (Path(folder) / "errors").open("w+") as errors:
        asked = Path(folder) / "request.json"
        asked.write_text(request.model_dump_json(), encoding="utf-8")
        command = [sys.executable, "-m", module, str(asked), str(out)]
        root = str(Path(__file__).parents[1])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, **_QUIET, "PYTHONPATH": path}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment) as child:
            try:
                for line in child.stdout or ():
                    on_line(line.rstrip())
            except BaseException:  # a cancelled run takes its child along
                child.kill()
                raise
        if child.returncode:
            errors.seek(0)
            raise _reported(module, child.returncode, errors.read())


def main(step: Callable[[Request, Path], object], kind: type[Request], *, spread: bool = False) -> None:
    """Be the child: read the request, take the step, and report a failure without quoting data.

    Args:
        step: What is done with the request and the place for its outcome.
        kind: The request.
        spread: Whether the step takes a process a GPU: where several are visible, `accelerate launch` starts them.
    """
    sys.excepthook = _without_words
    if spread:
        _spread()
    request, out = (Path(a) for a in sys.argv[1:3])
    try:
        step(kind.model_validate_json(request.read_bytes()), out)
    except ValidationError as error:
        fields = sorted({".".join(map(str, e["loc"])) for e in error.errors()})
        _refuse(RefineryError(f"request for {kind.__name__}", f"wrong: {', '.join(fields)}", "correct it"))
    except RefineryError as error:
        _refuse(error)


def _spread() -> None:
    """Become `accelerate launch` of this very command where several GPUs are visible, unless it started us."""
    import torch

    gpus = torch.cuda.device_count()
    if gpus > 1 and "LOCAL_RANK" not in os.environ:
        module = sys.modules["__main__"].__spec__.name  # type: ignore[union-attr] # we were started as a module
        how = ["--multi_gpu", f"--num_processes={gpus}", "--num_machines=1", "--mixed_precision=no"]
        launcher = [sys.executable, "-m", "accelerate.commands.launch", *how, "--dynamo_backend=no", "--module"]
        os.execv(sys.executable, [*launcher, module, *sys.argv[1:]])  # noqa: S606


def peak_bytes() -> int:
    """Return the peak resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _refuse(error: RefineryError) -> None:
    sys.stderr.write("\n" + json.dumps({"where": error.where, "what": error.what, "do": error.do}) + "\n")
    sys.exit(_REFUSED)


def _without_words(kind: type[BaseException], _: BaseException, trace: TracebackType | None) -> Any:
    """Report an unforeseen exception by type and place: its message could quote a row."""
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "an unknown place"
    sys.stderr.write(f"\n{kind.__name__} at {place}\n")


def _reported(module: str, code: int, errors: str) -> RefineryError:
    lines = errors.strip().splitlines()
    refusal = next((line for line in reversed(lines) if line.startswith('{"where": ')), None)
    if refusal:  # the last word, but for what a launcher of several processes adds
        return RefineryError(**json.loads(refusal))
    what = f"died of signal {-code}" if code < 0 else f"failed with exit code {code} ({(lines or ['no word'])[-1]})"
    return RefineryError(module, what, "run it again: it goes on from its last checkpoint")
