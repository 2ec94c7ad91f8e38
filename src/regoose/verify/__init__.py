"""
What is proven, and how: the tests' own results decide, never the author of a patch.

- `suite.Suite(lease, python, env, limits)`: `await run(selection, patch=, seed=, seconds=)` → `SuiteReport`;
  `await trace(selection, patch=)` → `(SuiteReport, CoverageMap)`. `lease` is a function that returns an async context
  manager of a `Sandbox` holding the base tree.
- `baseline.require_tests(report)` raises what a user can act on (`NoTests`, `CollectionFailed`,
  `EnvironmentUnavailable`, `TimeLimit`); `baseline.environment_findings(report)` names tests that need a module or the
  network.
"""
