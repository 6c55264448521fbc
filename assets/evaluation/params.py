from pydantic import BaseModel, ConfigDict


class EvaluationParams(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
