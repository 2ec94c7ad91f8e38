"""Where packages come from: the user's own index settings, for uv and for pip, handed on to uv unchanged in meaning."""

from __future__ import annotations

import configparser
from collections.abc import Iterable, Mapping
from pathlib import Path

_PASSED = ("HOME", "PATH", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "NETRC", "TMPDIR", "LANG")
_PASSED_ANY_CASE = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir")
_TARGETS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
}


def uv_environment(caller: Mapping[str, str]) -> dict[str, str]:
    """
    Build uv's environment from the caller's.

    uv's own variables win; what only pip is told (its variables, then its configuration files) is translated, with
    pip's way of taking the best version from all indexes. Interpreters are never downloaded unless the caller says so.
    """
    env = {name: value for name, value in caller.items() if name in _PASSED or name.lower() in _PASSED_ANY_CASE}
    settings = _pip_files(caller)
    for option in _TARGETS:
        value = caller.get("PIP_" + option.upper().replace("-", "_"))
        if value:
            settings[option] = value
    for option, target in _TARGETS.items():
        value = settings.get(option, "").split()
        if value and not (option == "no-index" and value[0].lower() in {"0", "false", "no", "off"}):
            env.setdefault(target, ("," if option == "find-links" else " ").join(value))
    if "UV_INDEX" in env:
        env["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    env.update({name: value for name, value in caller.items() if name.startswith("UV_")})
    env.setdefault("UV_PYTHON_DOWNLOADS", "never")
    return env


def _pip_files(caller: Mapping[str, str]) -> dict[str, str]:
    """Merge pip's configuration files in its order: site, user, the one named by PIP_CONFIG_FILE."""
    found: dict[str, str] = {}
    for path in _places(caller):
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(path.read_text("utf-8", "replace"))
        except (OSError, configparser.Error):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                found.update({key.replace("_", "-"): value for key, value in parser.items(section)})
    return found


def _places(caller: Mapping[str, str]) -> Iterable[Path]:
    named = caller.get("PIP_CONFIG_FILE", "")
    if named == "/dev/null":
        return
    yield Path("/etc/pip.conf")
    home = caller.get("HOME")
    if home:
        yield Path(home, ".pip/pip.conf")
        yield Path(caller.get("XDG_CONFIG_HOME") or Path(home, ".config"), "pip/pip.conf")
    if named:
        yield Path(named)
