from pydantic import BaseModel, ConfigDict


class StandardizationParams(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
