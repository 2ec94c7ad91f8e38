"""
The user's repository and the private tree of a run.

    git.find_repository(path) -> Repository                 where it is, HEAD, whose it is
    checkout.Workspaces(base, limits).create(path, run_id, when=…, commit=…) -> Workspace
    Workspace.tree / .base_commit / .notes / .read(path) / .close();  Workspaces.sweep()
    delivery.commit_patch(repository, base_commit, patch, branch, CommitText) -> commit id
    delivery.apply_patch(repository, patch)                 into the working tree, for --apply
    environment.Environments(cache, caller).provide(tree, repository, python=…) -> TargetEnvironment
    artifacts.Artifacts(folder).write(name, content)        a run's files
"""
