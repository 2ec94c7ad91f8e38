"""
The only module that runs git, and only git's plumbing, so that nothing planted in a repository runs on the host.

Objects and refs are read and written through a private git directory (the layout of git's `contrib/workdir`): its
`refs`, `packed-refs` and `logs` are links into the repository's own, its configuration is ours. So the repository's
`config`, hooks and attributes are never read: no filter, hook, pager, textconv, file system monitor, credential
helper or transport of theirs can start. Only finding the repository (`rev-parse`) reads its configuration, with every
such key overruled. Where root works on another user's checkout, git runs as that user.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from regoose.errors import GitFailed, MissingTool, NotARepository, UsageError
from regoose.sandbox.base import MIB
from regoose.sandbox.process import Completed, HostCommand, Sink, User, run_process
from regoose.workspace.beneath import encode, parts

_SECONDS = 120.0
_PRIVATE = "regoose-git-"
"""How the names of private git directories begin; the process id follows."""
_LEFT_BEHIND_SECONDS = 3600.0
_LIST_BYTES = 256 * MIB
_COMMON_LINKS = ("refs", "packed-refs", "logs", "shallow", "reftable")
_KEPT_KEYS = ("extensions.objectformat", "extensions.refstorage", "core.sharedrepository")

_OVERRULED = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.untrackedCache=false",
    "core.alternateRefsCommand=true",
    "core.askPass=true",
    "credential.helper=",
    "diff.external=",
    "gc.auto=0",
    "maintenance.auto=false",
    "safe.directory=*",
)

_ENVIRONMENT = {
    "PATH": os.defpath,
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A checkout: where its parts are, what HEAD is, and whose it is."""

    root: Path
    """Top of the working tree."""
    git_dir: Path
    common_dir: Path
    """Where objects and refs are; differs from `git_dir` in a linked worktree."""
    head: str
    """Commit id of HEAD."""
    owner: User

    @property
    def hash_name(self) -> str:
        """Hash function of object ids."""
        return "sha1" if len(self.head) == 40 else "sha256"  # noqa: PLR2004 - hexadecimal digits of SHA-1

    def blob_id(self, content: bytes) -> str:
        """Return the object id git gives to a file's content."""
        digest = hashlib.new(self.hash_name, b"blob %d\0" % len(content), usedforsecurity=False)
        digest.update(content)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One file of a commit. `size` is None for a submodule."""

    path: str
    mode: str
    """`100644`, `100755`, `120000` (symbolic link) or `160000` (submodule)."""
    id: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a commit is by."""

    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitText:
    """What a commit says besides its tree. `when` is seconds since the epoch: the same run gives the same commit."""

    message: str
    author: Identity
    when: int


@dataclass(frozen=True, slots=True)
class _Caller:
    program: Path
    user: User | None
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    options: tuple[str, ...] = ()

    async def __call__(self, *argv: str | bytes, stdin: bytes = b"", sink: Sink | None = None) -> Completed:
        overruled = [part for setting in _OVERRULED for part in ("-c", setting)]
        command = HostCommand(
            argv=(str(self.program), "--no-pager", *overruled, *self.options, *argv),
            env={**_ENVIRONMENT, **self.env},
            cwd=Path("/"),
            stdin=stdin,
            seconds=_SECONDS,
            output_bytes=_LIST_BYTES,
            user=self.user,
        )
        done = await run_process(command, sink)
        name = os.fsdecode(argv[0])
        if done.timed_out:
            raise GitFailed(f"git {name} took more than {_SECONDS:.0f} s and was ended")
        if done.truncated:
            raise GitFailed(f"git {name} printed more than {_LIST_BYTES // MIB} MiB: the repository is too large")
        return done

    async def out(self, *argv: str | bytes, stdin: bytes = b"", sink: Sink | None = None) -> bytes:
        done = await self(*argv, stdin=stdin, sink=sink)
        if done.exit_code != 0:
            words = done.stderr.decode(errors="replace").strip() or f"exit code {done.exit_code}"
            hint = "Make the repository's .git directory writable for you, then go on: `regoose runs resume`."
            raise GitFailed(
                f"git {os.fsdecode(argv[0])}: {words}", hint=hint if "permission" in words.lower() else None
            )
        return done.stdout

    async def line(self, *argv: str | bytes, stdin: bytes = b"") -> str:
        return os.fsdecode((await self.out(*argv, stdin=stdin)).removesuffix(b"\n"))


async def find_repository(path: Path) -> Repository:
    """
    Find the checkout that `path` lies in.

    Raises `NotARepository` where there is none, where it is bare, and where it has no commit yet.
    """
    program = _program()
    place = _directory(path)
    git = _Caller(program, _acting_user(_owner(place)), options=("-C", str(place)))
    try:
        bare = await git.line("rev-parse", "--is-bare-repository")
        if bare == "true":
            raise NotARepository(
                f"{str(path)!r} is a bare repository, without a working tree", hint="Clone it, then run there."
            )
        root, git_dir, common_dir = await asyncio.gather(
            git.line("rev-parse", "--show-toplevel"),
            git.line("rev-parse", "--absolute-git-dir"),
            git.line("rev-parse", "--path-format=absolute", "--git-common-dir"),
        )
    except GitFailed as error:
        raise NotARepository(f"{str(path)!r} is not inside a git checkout ({error.message})") from error
    head = await git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.exit_code != 0:
        raise NotARepository(f"{root!r} has no commit yet", hint="Run `git add -A && git commit -m start` there.")
    return Repository(
        root=Path(root),
        git_dir=Path(git_dir),
        common_dir=Path(common_dir),
        head=head.stdout.decode().strip(),
        owner=_owner(Path(common_dir)),
    )


async def create_repository(directory: Path, text: CommitText) -> Repository:
    """Turn a directory into a repository whose first commit, on `main`, holds all that is in it."""
    git = _Caller(_program(), _acting_user(_owner(directory)), options=("-C", str(directory)))
    await git.out("init", "--quiet", "--template=", "--initial-branch=main")
    await git.out("add", "--all")
    options = ("-c", f"user.name={text.author.name}", "-c", f"user.email={text.author.email}")
    committer = replace(git, options=(*git.options, *options))
    await committer.out("commit", "--quiet", "--no-verify", f"--date=@{text.when} +0000", f"--message={text.message}")
    return await find_repository(directory)


def _program() -> Path:
    found = shutil.which("git")
    if found is None:
        raise MissingTool("git is not installed", hint="Install it: `apt-get install git` (or `dnf install git`).")
    return Path(found).absolute()


def _directory(path: Path) -> Path:
    if not path.is_dir():
        raise NotARepository(f"{str(path)!r} is not a directory")
    return path.absolute()


def _owner(path: Path) -> User:
    status = path.stat()
    return User(status.st_uid, status.st_gid)


def _acting_user(owner: User) -> User | None:
    """Root becomes the owner, so that what git leaves behind is the owner's; others stay who they are."""
    return owner if os.geteuid() == 0 and owner.uid != 0 else None


@asynccontextmanager
async def open_git(repository: Repository) -> AsyncGenerator[Git]:
    """Give access to a repository's objects and refs through a private git directory, removed at the end."""
    program, user = _program(), _acting_user(repository.owner)
    with tempfile.TemporaryDirectory(prefix=f"{_PRIVATE}{os.getpid()}-") as name:
        private = Path(name)
        await _furnish(private, repository, _Caller(program, user))
        if user is not None:
            _hand_over(private, user)
        env = {
            "GIT_DIR": str(private),
            "GIT_OBJECT_DIRECTORY": str(repository.common_dir / "objects"),
            "GIT_INDEX_FILE": str(private / "index"),
        }
        yield Git(repository, _Caller(program, user, env))


def sweep_private() -> None:
    """Remove the private git directories of processes that were killed an hour ago or longer."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PRIVATE}*"):
        pid = left.name.removeprefix(_PRIVATE).partition("-")[0]
        with contextlib.suppress(OSError):
            if not Path(f"/proc/{pid}").exists() and time.time() - left.lstat().st_mtime > _LEFT_BEHIND_SECONDS:
                shutil.rmtree(left, ignore_errors=True)  # unlinks the links into repositories, never follows them


async def _furnish(private: Path, repository: Repository, git: _Caller) -> None:
    settings = await git("config", "--no-includes", "--file", str(repository.common_dir / "config"), "-z", "--list")
    config = ["[core]\n\trepositoryformatversion = 1\n\tbare = true\n\tlogAllRefUpdates = true\n"]
    for item in settings.stdout.decode(errors="replace").split("\0"):
        key, _, value = item.partition("\n")
        if key in _KEPT_KEYS and value.isalnum():
            section, _, name = key.partition(".")
            config.append(f"[{section}]\n\t{name} = {value}\n")
    (private / "config").write_text("".join(config), encoding="utf-8")
    (private / "HEAD").write_text(f"{repository.head}\n", encoding="utf-8")
    (private / "info").mkdir()
    (private / "info" / "exclude").symlink_to(repository.common_dir / "info" / "exclude")
    for name in _COMMON_LINKS:
        (private / name).symlink_to(repository.common_dir / name)
    for shared in repository.git_dir.glob("sharedindex.*"):
        (private / shared.name).symlink_to(shared)


def _hand_over(private: Path, user: User) -> None:
    for path in (*private.rglob("*"), private):
        os.chown(path, user.uid, user.gid, follow_symlinks=False)


class Git:
    """Plumbing on one repository. Paths are relative to its root, UTF-8 with surrogates for other bytes."""

    def __init__(self, repository: Repository, call: _Caller) -> None:
        self.repository = repository
        self._call = call

    async def resolve(self, revision: str) -> str:
        """Return the commit id of a revision; raises `UsageError` where there is none."""
        done = await self._call("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if done.exit_code != 0:
            raise UsageError(f"{revision!r} names no commit of {str(self.repository.root)!r}", hint="See `git log`.")
        return done.stdout.decode().split()[-1]

    async def tree_of(self, commit: str) -> str:
        """Return the id of a commit's tree."""
        return await self._call.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{tree}}")

    async def merge_base(self, one: str, other: str) -> str | None:
        """Return the commit at which two lines of history part, None where they have nothing in common."""
        done = await self._call("merge-base", one, other)
        return done.stdout.decode().strip() or None if done.exit_code == 0 else None

    async def nearest_tag(self, commit: str) -> str | None:
        """Return the tag that comes last before a commit, None where there is none."""
        done = await self._call("describe", "--tags", "--abbrev=0", commit)
        return done.stdout.decode(errors="replace").strip() or None if done.exit_code == 0 else None

    async def files(self, commit: str, paths: Sequence[str] = ()) -> tuple[TreeEntry, ...]:
        """List the files of a commit, all or those named (a directory's name lists what is in it)."""
        for path in paths:
            parts(path)
        argv = ("ls-tree", "-r", "-z", "-l", "--full-tree", commit, "--", *(encode(path) for path in paths))
        return tuple(_tree_entry(item) for item in (await self._call.out(*argv)).split(b"\0") if item)

    async def stream_blobs(self, ids: Sequence[str], sink: Sink) -> None:
        """Feed the output of `git cat-file --batch` for these objects to `sink`."""
        request = "".join(f"{name}\n" for name in ids).encode()
        await self._call.out("cat-file", "--batch", "--buffer", stdin=request, sink=sink)

    async def read_blob(self, name: str) -> bytes:
        """Return one file's content as it is stored."""
        return await self._call.out("cat-file", "blob", name)

    async def write_blob(self, content: bytes) -> str:
        """Store a file's content as it is and return its id."""
        return await self._call.line("hash-object", "-w", "--no-filters", "--stdin", stdin=content)

    async def write_tree(self, base: str, changes: Mapping[str, tuple[str, str] | None]) -> str:
        """Store the tree of `base` with these files changed (path → mode and blob id, None removes); return its id."""
        zero = "0" * len(self.repository.head)
        lines = [
            b"%s %s 0\t%s\0"
            % (*((part.encode() for part in change) if change else (b"0", zero.encode())), encode(path))
            for path, change in changes.items()
        ]
        await self._call.out("read-tree", base)
        await self._call.out("update-index", "-z", "--index-info", stdin=b"".join(lines))
        return await self._call.line("write-tree")

    async def changes(self, old: str, new: str) -> dict[str, tuple[str, str] | None]:
        """Map the paths at which two trees differ to the new mode and blob id, None where the path is gone."""
        listed = (
            await self._call.out("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", old, new)
        ).split(b"\0")
        found: dict[str, tuple[str, str] | None] = {}
        for facts, path in zip(listed[:-1:2], listed[1::2], strict=True):
            _, mode, _, name, status = facts.decode().split()
            found[path.decode("utf-8", "surrogateescape")] = None if status == "D" else (mode, name)
        return found

    async def write_commit(self, tree: str, parent: str, text: CommitText) -> str:
        """Store a commit and return its id."""
        env = {**self._call.env}
        for role in ("AUTHOR", "COMMITTER"):
            env[f"GIT_{role}_NAME"] = text.author.name
            env[f"GIT_{role}_EMAIL"] = text.author.email
            env[f"GIT_{role}_DATE"] = f"@{text.when} +0000"
        call = _Caller(self._call.program, self._call.user, env)
        return await call.line("commit-tree", tree, "-p", parent, stdin=text.message.encode("utf-8", "surrogateescape"))

    async def branch_commit(self, branch: str) -> str | None:
        """Return where a branch points, None where it does not exist; raises `UsageError` for an impossible name."""
        if (await self._call("check-ref-format", f"refs/heads/{branch}")).exit_code != 0 or branch.startswith("-"):
            raise UsageError(f"{branch!r} cannot be the name of a branch", hint="See `git help check-ref-format`.")
        done = await self._call("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")
        return done.stdout.decode().strip() or None if done.exit_code == 0 else None

    async def create_branch(self, branch: str, commit: str) -> None:
        """Create a branch; raises `GitFailed` where it exists by now."""
        zero = "0" * len(commit)
        await self._call.out("update-ref", "-m", "regoose: created", f"refs/heads/{branch}", commit, zero)

    async def working_files(self) -> tuple[tuple[str, str], ...]:
        """
        List what stands in the working tree by git's index and ignore rules, without looking at any content.

        Each item is (tag, path): `H` tracked, `S` tracked but left out by a sparse checkout, `M` unmerged,
        `?` untracked and not ignored. A nested repository ends in a slash.
        """
        call = _Caller(
            self._call.program,
            self._call.user,
            {**self._call.env, "GIT_INDEX_FILE": str(self.repository.git_dir / "index")},
            ("-c", "core.bare=false", f"--work-tree={self.repository.root}", "-C", str(self.repository.root)),
        )
        options = ("-z", "-t", "--cached", "--others", "--exclude-standard", "--full-name")
        listed = await call.out("ls-files", *options)
        pairs = (item.partition(b" ") for item in listed.split(b"\0") if item)
        return tuple((tag.decode(), path.decode("utf-8", "surrogateescape")) for tag, _, path in pairs)


def _tree_entry(item: bytes) -> TreeEntry:
    facts, _, path = item.partition(b"\t")
    mode, _, name, size = facts.decode().split()
    text = path.decode("utf-8", "surrogateescape")
    if size == "BAD":
        raise GitFailed(
            f"the content of {text!r} ({name[:12]}) is not in the repository",
            hint="Fetch it: `git fetch --refetch` in a partial clone; `git fsck` shows what else is missing.",
        )
    return TreeEntry(text, mode, name, None if size == "-" else int(size))
