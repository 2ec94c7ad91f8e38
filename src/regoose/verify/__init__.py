"""
What is proven, and how: the tests' own results decide, never the author of a patch.

- `suite.Suite(lease=, python=, env=, limits=)`: `await run(selection, patch=, seed=, seconds=)` → `SuiteReport`;
  `await trace(selection, patch=, arcs=)` → `(SuiteReport, CoverageMap)`. `lease` is a function that returns an async
  context manager of a `Sandbox` holding the base tree. A run never raises for what the code under test does.
- `flaky.take_baseline(suite, runs=, seconds=)` → `Baseline(report, flaky)`: what passes, fails and flips before any
  change. `baseline.require_tests(report)` raises what a user can act on (`NoTests`, `CollectionFailed`,
  `EnvironmentUnavailable`, `TimeLimit`); `baseline.environment_findings(report)` names tests that are red for want of
  a module or the network.
- `red_green.prove(suite, patch, targets, baseline, plan=ProofPlan(repeats=, seconds=), fresh=suite)` → `Proof` with
  its checks, the red cases, the green ids, the suite on the head, the changed lines. `targets` are exact node ids.
- `tamper.inspect_patch(patch, allow_tests=False)` → `Check`; `tamper.is_test_file(path)`.
- `verdict.judge(proof, tamper_check, baseline.report, behaviours=, differences=, probe=)` → `Evidence`;
  `verdict.unproven(report, reason)` → `Evidence` where there is no patch.
- `keep.measure_existing(suite, sources, seconds=)` → `Existing`; `keep.keep(Judge(suite=), draft, source, existing)` →
  `Kept`: which drafted tests are green every time and add something, and what they are worth.
- `coverage.file_coverage(path, source, arcs)` → `FileCoverage`; `coverage.coverage_xml(files, sources)` → text.
- `mutation.mutate(suite, MutationOrder(path=, module=, tests=), patch=)` → `MutationReport`.
"""
