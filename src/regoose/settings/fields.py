"""Every setting with its type, default and meaning."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import AfterValidator, Field, SecretStr, field_serializer

from regoose.settings.kinds import (
    About,
    Bytes,
    CommaList,
    Count,
    Directory,
    SandboxName,
    Seconds,
    Secret,
    Text,
    mask,
    must_stay_on,
)
from regoose.settings.models import ModelSettings


def _cache() -> Path:
    return platformdirs.user_cache_path("regoose")


def _jobs() -> int:
    return max(1, min(4, len(os.sched_getaffinity(0))))


class Settings(ModelSettings):
    """Every setting, frozen. The names are those of the environment variables, in lower case."""

    environment: Annotated[str, About("the service")] = Field(
        default="development", description="Name of the deployment."
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], About("telemetry")] = Field(
        default="INFO", description="Least severe log record that is written."
    )
    api_host: Annotated[str, About("the service")] = Field(
        default="127.0.0.1", description="Address the service listens on."
    )
    api_port: Annotated[int, About("the service")] = Field(
        default=8002, ge=1, le=65535, description="Port the service listens on."
    )

    github_token: Annotated[Secret, About("pull requests")] = Field(default=None, description="Token for GitHub.")
    github_repository: Annotated[Text, About("pull requests")] = Field(
        default=None, description="Repository (owner/name) that is meant where none is given."
    )
    github_base_url: Annotated[str, About("pull requests")] = Field(
        default="https://api.github.com", description="Address of the GitHub API."
    )
    allowed_repositories: Annotated[CommaList, About("pull requests")] = Field(
        default=(), description="Repositories (owner/name) that may be worked on; empty allows all."
    )

    workspace_base_path: Annotated[Directory, About()] = Field(
        default_factory=lambda: _cache() / "workspaces", description="Directory of the checkouts that runs work in."
    )
    market_predictor_repo_url: Annotated[Text, About("the service")] = Field(
        default=None, description="Address of the market-predictor repository."
    )
    git_user_name: Annotated[str, About()] = Field(
        default="Regoose", min_length=1, description="Author name of commits."
    )
    git_user_email: Annotated[str, About()] = Field(
        default="regoose@localhost", min_length=1, description="Author address of commits."
    )

    workflow_timeout: Annotated[Seconds, About()] = Field(default=1800.0, description="Seconds one run may take.")
    testing_timeout: Annotated[Seconds, About()] = Field(
        default=600.0, description="Seconds one run of a test suite may take."
    )
    max_concurrent_tasks: Annotated[Count, About("the service")] = Field(
        default=3, description="Runs worked on at once."
    )
    cleanup_workspaces: Annotated[bool, About()] = Field(
        default=True, description="Whether a run's checkout is deleted when it ends."
    )

    enable_sandboxing: Annotated[bool, AfterValidator(must_stay_on), About()] = Field(
        default=True, description="Always true: no code of a repository runs outside a sandbox."
    )
    max_workspace_size: Annotated[Bytes, About()] = Field(
        default=1024**3, description="Most bytes a sandbox's files may take, e.g. 1GB."
    )
    allowed_file_types: Annotated[CommaList, About("models")] = Field(
        default=(".py", ".md", ".txt", ".json", ".yml", ".yaml"),
        description="Suffixes of files that an author may change.",
    )

    sandbox: Annotated[SandboxName, About(own=True)] = Field(
        default="auto", description="Backend that isolates commands: auto, podman, docker, bubblewrap or landlock."
    )
    sandbox_memory: Annotated[Bytes, About(own=True)] = Field(
        default=2 * 1024**3, description="Most memory a sandbox may take, e.g. 2GB."
    )
    sandbox_processes: Annotated[Count, About(own=True)] = Field(
        default=128, description="Most processes in a sandbox."
    )
    state_dir: Annotated[Directory, About(own=True)] = Field(
        default_factory=lambda: platformdirs.user_state_path("regoose"),
        description="Directory of the journal and of the runs' reports.",
    )
    cache_dir: Annotated[Directory, About(own=True)] = Field(
        default_factory=_cache, description="Directory of what can be made again, such as environments."
    )
    python: Annotated[Text, About(own=True)] = Field(
        default=None, description="Interpreter that runs the target's tests; empty finds the repository's own."
    )
    jobs: Annotated[Count, About(own=True)] = Field(default_factory=_jobs, description="Sandboxes used at once.")
    search_seconds: Annotated[Seconds, About(own=True)] = Field(
        default=60.0, description="Seconds the search may take."
    )
    generate_seconds: Annotated[Seconds, About(own=True)] = Field(
        default=15.0, description="Seconds the search for the tests of one module may take."
    )
    repeats: Annotated[Count, About(own=True)] = Field(
        default=5,
        le=100,
        description="How often repaired or generated tests must pass, each time in another order.",
    )
    attempts: Annotated[Count, About(own=True)] = Field(
        default=5, le=100, description="Candidate patches that go through the whole proof at most."
    )
    debug: Annotated[bool, About(own=True)] = Field(
        default=False, description="Whether an unexpected error shows its traceback."
    )
    tests: Annotated[CommaList, About(own=True, repository=True)] = Field(
        default=(), description="Tests (pytest node ids) to repair where none is named; empty means every failing one."
    )

    @field_serializer("github_token")
    def _masked_token(self, value: SecretStr | None) -> str | None:
        return mask(value)
