import os
from pathlib import Path
from typing import Protocol, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from regoose.errors import InvalidSetting, PolicyRefused
from regoose.sandbox.choice import AUTO, NAMES
from regoose.settings import Loaded, SandboxName, Settings, Source, example, load, variable_of

SEED_VARIABLES = set(
    """
ENVIRONMENT LOG_LEVEL API_HOST API_PORT OPENAI_API_KEY ANTHROPIC_API_KEY LLM_PROVIDER LLM_MODEL LLM_TEMPERATURE
LLM_MAX_TOKENS GITHUB_TOKEN GITHUB_REPOSITORY GITHUB_BASE_URL ALLOWED_REPOSITORIES WORKSPACE_BASE_PATH
MARKET_PREDICTOR_REPO_URL GIT_USER_NAME GIT_USER_EMAIL WORKFLOW_TIMEOUT TESTING_TIMEOUT MAX_CONCURRENT_TASKS
CLEANUP_WORKSPACES ENABLE_SANDBOXING MAX_WORKSPACE_SIZE ALLOWED_FILE_TYPES
""".split()  # noqa: SIM905 - a list to read, not a column
)


class Read(Protocol):
    def __call__(
        self,
        repository: Path | None = None,
        *,
        environ: dict[str, str] | None = None,
        flags: dict[str, object] | None = None,
        directory: Path | None = None,
    ) -> Loaded: ...


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read settings with nothing of this machine's own in the way."""

    def read(
        repository: Path | None = None,
        *,
        environ: dict[str, str] | None = None,
        flags: dict[str, object] | None = None,
        directory: Path | None = None,
    ) -> Loaded:
        return load(
            repository,
            flags=flags,
            environ=environ or {},
            directory=directory or tmp_path,
            user_config=tmp_path / "config.toml",
        )

    return read


def source_of(loaded: Loaded, name: str) -> Source:
    return next(line.source for line in loaded.provenance if line.name == name)


def test_every_variable_of_the_seeds_is_read_by_its_name() -> None:
    assert {variable_of(name) for name in Settings.model_fields} >= SEED_VARIABLES


def test_the_seeds_own_example_file_is_understood(tmp_path: Path, read: Read) -> None:
    (tmp_path / ".env").write_text(
        "LOG_LEVEL=DEBUG\nAPI_PORT=8002\nOPENAI_API_KEY=sk-1\nLLM_TEMPERATURE=0.1\n"
        "ALLOWED_REPOSITORIES=user/market-predictor,user/test-repo\nWORKFLOW_TIMEOUT=1800  # 30 minutes\n"
        "CLEANUP_WORKSPACES=true\nENABLE_SANDBOXING=true\nMAX_WORKSPACE_SIZE=1GB\n"
        "ALLOWED_FILE_TYPES=.py,.md,.txt,.json,.yml,.yaml\nGIT_USER_NAME=Coding AI Agent\n"
    )
    settings = read().settings
    assert settings.allowed_repositories == ("user/market-predictor", "user/test-repo")
    assert settings.workflow_timeout == 1800
    assert settings.max_workspace_size == 1024**3
    assert settings.openai_api_key == SecretStr("sk-1")
    assert settings.git_user_name == "Coding AI Agent"


def test_each_layer_beats_the_one_below_and_is_named(tmp_path: Path, read: Read) -> None:
    repository = tmp_path / "target"
    repository.mkdir()

    def seen(
        environ: dict[str, str] | None = None, flags: dict[str, object] | None = None
    ) -> tuple[tuple[str, ...], Source]:
        loaded = read(repository, environ=environ, flags=flags)
        return loaded.settings.tests, source_of(loaded, "tests")

    assert seen() == ((), Source.DEFAULT)
    (repository / "pyproject.toml").write_text('[tool.regoose]\ntests = ["pyproject"]\n')
    assert seen() == (("pyproject",), Source.REPOSITORY)
    (repository / "regoose.toml").write_text('tests = ["own"]\n')
    assert seen() == (("own",), Source.REPOSITORY)
    (tmp_path / "config.toml").write_text('tests = ["user"]\n')
    assert seen() == (("user",), Source.USER)
    (tmp_path / ".env").write_text("REGOOSE_TESTS=dotenv\n")
    assert seen() == (("dotenv",), Source.DOTENV)
    environ = {"REGOOSE_TESTS": "environment"}
    assert seen(environ=environ) == (("environment",), Source.ENVIRONMENT)
    assert seen(environ=environ, flags={"tests": ("flag",)}) == (("flag",), Source.FLAG)
    assert seen(environ=environ, flags={"tests": None}) == (("environment",), Source.ENVIRONMENT)


@pytest.mark.parametrize("name", [name for name in Settings.model_fields if name != "tests"])
@pytest.mark.parametrize("file", ["regoose.toml", "pyproject.toml"])
def test_a_repository_may_set_nothing_else(tmp_path: Path, read: Read, name: str, file: str) -> None:
    head = "[tool.regoose]\n" if file == "pyproject.toml" else ""
    (tmp_path / file).write_text(f'{head}{name} = "x"\n')
    with pytest.raises(PolicyRefused, match=f"sets '{name}', which a repository may not set") as caught:
        read(tmp_path)
    assert variable_of(name) in caught.value.hint


def test_a_dotenv_inside_the_target_repository_cannot_redirect_or_unlock(tmp_path: Path, read: Read) -> None:
    below = tmp_path / "target" / "sub"
    below.mkdir(parents=True)
    (below / ".env").write_text(
        "GITHUB_BASE_URL=https://evil.test\nREGOOSE_SANDBOX=landlock\nREGOOSE_TESTS=a\nDJANGO=1\n"
    )
    loaded = read(tmp_path / "target", directory=below)
    assert loaded.settings.github_base_url == "https://api.github.com"
    assert loaded.settings.sandbox == "auto"
    assert loaded.settings.tests == ("a",)
    assert [line.split()[0] for line in loaded.ignored] == ["GITHUB_BASE_URL", "REGOOSE_SANDBOX"]


def test_isolation_cannot_be_switched_off(read: Read) -> None:
    with pytest.raises(InvalidSetting, match=r"ENABLE_SANDBOXING is 'false'.*no code of a repository runs outside"):
        read(environ={"ENABLE_SANDBOXING": "false"})


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("API_PORT", "70000", "less than or equal to 65535"),
        ("API_PORT", "web", "valid integer"),
        ("LOG_LEVEL", "LOUD", "'DEBUG', 'INFO'"),
        ("MAX_WORKSPACE_SIZE", "plenty", "a size such as"),
        ("MAX_WORKSPACE_SIZE", "0", "greater than 0"),
        ("WORKFLOW_TIMEOUT", "nan", "finite number"),
        ("REGOOSE_REPEATS", "0", "greater than or equal to 1"),
        ("CLEANUP_WORKSPACES", "maybe", "valid boolean"),
    ],
)
def test_a_bad_value_is_named_with_its_variable_and_what_was_expected(
    read: Read, variable: str, value: str, expected: str
) -> None:
    with pytest.raises(InvalidSetting) as caught:
        read(environ={variable: value})
    message = caught.value.message
    assert message.startswith(f"{variable} is {value!r} (environment variable {variable}): ")
    assert expected in message


def test_a_misspelt_key_is_told_with_the_name_that_was_meant(tmp_path: Path, read: Read) -> None:
    (tmp_path / "config.toml").write_text('sandbx = "podman"\n')
    with pytest.raises(InvalidSetting, match=r"config\.toml: no setting is called 'sandbx'; did you mean 'sandbox'"):
        read()


def test_a_misspelt_variable_of_ours_is_listed(read: Read) -> None:
    loaded = read(environ={"REGOOSE_SANDBX": "podman"})
    assert loaded.ignored == (
        "REGOOSE_SANDBX in the environment: no setting has this name; did you mean 'REGOOSE_SANDBOX'?",
    )


def test_an_unreadable_file_is_named(tmp_path: Path, read: Read) -> None:
    (tmp_path / "config.toml").write_text("tests = \n")
    with pytest.raises(InvalidSetting, match=r"config\.toml cannot be read"):
        read()


def test_a_broken_pyproject_of_the_target_is_its_own_matter(tmp_path: Path, read: Read) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.regoose\n")
    assert read(tmp_path).settings.tests == ()


@pytest.mark.parametrize(
    "name",
    ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "AZURE_OPENAI_API_KEY", "GOOGLE_API_KEY", "OLLAMA_API_KEY", "GITHUB_TOKEN"],
)
def test_a_secret_appears_nowhere(read: Read, name: str) -> None:
    loaded = read(environ={name: "topsecret"})
    assert "topsecret" not in repr(loaded)
    assert "topsecret" not in loaded.settings.model_dump_json()
    line = next(line for line in loaded.provenance if line.variable == name)
    assert line.value == "********"


def test_an_empty_secret_is_none(read: Read) -> None:
    assert read(environ={"GITHUB_TOKEN": ""}).settings.github_token is None


def test_each_setting_says_whether_it_acts(read: Read) -> None:
    acts = {line.variable: line.acts for line in read().provenance}
    assert acts["WORKFLOW_TIMEOUT"] == "acts"
    assert acts["LLM_MODEL"] == "acts"
    assert acts["GITHUB_TOKEN"] == "read, acts with pull requests"
    assert all(value == "acts" or value.startswith("read, acts with ") for value in acts.values())


def test_settings_are_frozen(read: Read) -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(read().settings, "sandbox", "podman")  # noqa: B010 - the type checker knows it is frozen


def test_workspaces_stand_in_a_directory_of_the_user(read: Read) -> None:
    assert read().settings.workspace_base_path.is_relative_to(Path.home())


@given(
    amount=st.integers(1, 4096),
    unit=st.sampled_from(["KB", "kib", "m", "MB", "GiB", "T"]),
    gap=st.sampled_from(["", " "]),
)
def test_sizes_are_powers_of_1024(amount: int, unit: str, gap: str) -> None:
    power = " kmgt".index(unit[0].lower())
    read = load(environ={"MAX_WORKSPACE_SIZE": f"{amount}{gap}{unit}"}, user_config=Path(os.devnull))
    assert read.settings.max_workspace_size == amount * 1024**power


def test_the_example_file_is_up_to_date() -> None:
    written = Path(__file__).parents[2] / ".env.example"
    assert written.read_text() == example(), "run `python -m regoose.settings > .env.example`"


def test_the_example_file_uncommented_gives_the_defaults(tmp_path: Path, read: Read) -> None:
    lines = [line.removeprefix("#") for line in example().splitlines() if line.startswith("#") and "=" in line]
    (tmp_path / ".env").write_text("\n".join(line for line in lines if not line.endswith("=") and line[0].isupper()))
    assert read().settings == Settings()


def test_the_setting_knows_every_sandbox() -> None:
    assert set(get_args(SandboxName)) == {AUTO, *NAMES}
