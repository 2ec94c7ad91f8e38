"""A user names commits as in git: by HEAD, by branch, by tag, and relative to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from regoose.errors import UsageError
from regoose.workspace.git import find_repository, open_git

if TYPE_CHECKING:
    from workspace.conftest import Checkout


@pytest.mark.parametrize("revision", ["HEAD~1", "main~1", "v1", "v1^{commit}"])
async def test_every_usual_way_to_name_a_commit_finds_it(checkout: Checkout, revision: str) -> None:
    first = checkout.head()
    checkout.git("tag", "v1")
    checkout.commit_all("two")

    async with open_git(await find_repository(checkout.root)) as git:
        assert await git.resolve(revision) == first


async def test_a_name_of_nothing_is_an_error_that_quotes_it(checkout: Checkout) -> None:

    async with open_git(await find_repository(checkout.root)) as git:
        with pytest.raises(UsageError, match="'nowhere'"):
            await git.resolve("nowhere")
