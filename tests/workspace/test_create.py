"""A directory becomes a repository, and nothing of the user's own git setup has a say in it."""

from __future__ import annotations

from pathlib import Path

from regoose.workspace.git import CommitText, Identity, create_repository, open_git


async def test_the_first_commit_holds_everything(tmp_path: Path) -> None:
    (tmp_path / "a b.py").write_text("x = 1\n")
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "é.txt").write_text("é\n")
    repository = await create_repository(
        tmp_path, CommitText(message="Start", author=Identity("Ada", "ada@localhost"), when=1_700_000_000)
    )
    assert repository.root == tmp_path
    async with open_git(repository) as git:
        assert {entry.path for entry in await git.files("refs/heads/main")} == {"a b.py", "pkg/é.txt"}
        assert await git.branch_commit("main") == repository.head
    assert not (tmp_path / ".git" / "hooks").exists()
