"""Roles: who is what, what each may do, and that nothing is open by accident."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from sentiment.access import HOST, Person, Role, acting_as, carried, current, require
from sentiment.errors import AccessError, SentimentError, UsageError, WorkspaceError
from sentiment.labels.events import NewEvent
from sentiment.labels.exchange import import_labels
from sentiment.roles import Roles, identify, parse_roles, read_roles
from sentiment.training.config import FinetuneConfig
from sentiment.workspace import Workspace
from tests.demo_world import made_dataset

ROLES = """
owner = ["Ann@Example.org"]
labeler = ["*@example.org", "bob@example.com"]
viewer = ["*@example.com", "ann@example.org"]
"""
LABELER = Person(Role.LABELER, "bob@example.com")
OWNER = Person(Role.OWNER, "ann@example.org")


@pytest.fixture
def workspace() -> Workspace:
    return Workspace()


@pytest.fixture
def dataset_id(workspace: Workspace) -> str:
    return workspace.add_dataset(made_dataset())[0].id


@pytest.mark.parametrize(
    ("email", "role"),
    [
        ("ann@example.org", Role.OWNER),  # the highest that fits, whatever the case
        ("ANN@EXAMPLE.ORG", Role.OWNER),
        ("zoe@example.org", Role.LABELER),
        ("bob@example.com", Role.LABELER),
        ("eve@example.com", Role.VIEWER),
        ("eve@sub.example.com", Role.NOBODY),
        ("eve@example.com.evil.net", Role.NOBODY),
        ("eve@evil.net@example.org", Role.NOBODY),
        ("*@example.org", Role.NOBODY),
        ("ann@example.org ", Role.NOBODY),
        ("ann@example.org\n", Role.NOBODY),
        ("bo\u212a@example.org", Role.NOBODY),  # a sign that becomes a k in small letters
        ("ann@ex\u0430mple.org", Role.NOBODY),  # a Cyrillic letter
        ("", Role.NOBODY),
    ],
)
def test_an_address_has_the_highest_role_that_fits_it(email: str, role: Role) -> None:
    assert parse_roles(ROLES).of(email) == role


@pytest.mark.parametrize(
    "content",
    [
        "owner = [",
        "owners = []",
        'owner = "ann@example.org"',
        "owner = [3]",
        'owner = ["*"]',
        'owner = ["example.org"]',
        'owner = ["*@*"]',
        'owner = ["a b@example.org"]',
        'others = "owner"',
        'nobody = "labeler"',
        "others = 3",
        'unverified_email = "yes"',
        '[owner]\nann = "ann@example.org"',
    ],
)
def test_a_file_that_says_something_else_lets_nobody_in(workspace: Workspace, content: str) -> None:
    (workspace.root / "roles.toml").write_text(content)
    with pytest.raises(AccessError, match="nobody is let in"):
        read_roles(workspace.root)


def test_a_file_that_is_named_and_not_there_lets_nobody_in(workspace: Workspace, monkeypatch: Any) -> None:
    assert read_roles(workspace.root) is None
    monkeypatch.setenv("SENTIMENT_ROLES", str(workspace.root / "elsewhere.toml"))
    with pytest.raises(AccessError, match="not there"):
        read_roles(workspace.root)


def test_a_changed_file_counts_at_once(workspace: Workspace) -> None:
    path = workspace.root / "roles.toml"
    path.write_text('owner = ["a@example.org"]')
    assert read_roles(workspace.root) == Roles((("a@example.org", Role.OWNER),))
    path.write_text('labeler = ["a@example.org"]')
    assert read_roles(workspace.root) == Roles((("a@example.org", Role.LABELER),))


VERIFIED = {"is_logged_in": True, "email": "Ann@Example.org", "email_verified": True}


@pytest.mark.parametrize(
    ("claims", "person"),
    [
        (VERIFIED, OWNER),
        ({}, Person(Role.NOBODY)),
        (VERIFIED | {"is_logged_in": False}, Person(Role.NOBODY)),
        (VERIFIED | {"is_logged_in": "yes"}, Person(Role.NOBODY)),
        (VERIFIED | {"email_verified": False}, Person(Role.NOBODY)),
        (VERIFIED | {"email_verified": "true"}, Person(Role.NOBODY)),
        (VERIFIED | {"email": None}, Person(Role.NOBODY)),
        (VERIFIED | {"email": "a" * 120 + "@example.org"}, Person(Role.NOBODY)),  # no longer told from others
        ({"is_logged_in": True, "email": "ann@example.org"}, Person(Role.NOBODY)),
    ],
)
def test_only_an_address_that_was_checked_counts(claims: dict[str, Any], person: Person) -> None:
    assert identify(parse_roles(ROLES), claims, sign_in=True) == person


def test_a_provider_that_does_not_say_can_be_trusted_by_name() -> None:
    roles = parse_roles(ROLES + "unverified_email = true\n")
    unsaid = {"is_logged_in": True, "email": "ann@example.org"}
    assert identify(roles, unsaid, sign_in=True) == OWNER
    assert identify(roles, unsaid | {"email_verified": False}, sign_in=True) == Person(Role.NOBODY)


def test_claims_count_for_nothing_where_signing_in_is_not_set_up() -> None:
    assert identify(parse_roles(ROLES), VERIFIED, sign_in=False) == Person(Role.NOBODY)
    assert identify(parse_roles('nobody = "viewer"'), {}, sign_in=False) == Person(Role.VIEWER)
    assert identify(None, {}, sign_in=False) == HOST
    with pytest.raises(AccessError, match="nothing says what they may do"):
        identify(None, VERIFIED, sign_in=True)


def test_the_machine_itself_is_an_owner_and_a_demo_has_none(monkeypatch: Any) -> None:
    assert current() == HOST
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    assert current().role == Role.VIEWER
    with acting_as(OWNER):
        assert current().role == Role.VIEWER
    with acting_as(Person(Role.NOBODY)):
        assert current().role == Role.NOBODY


@pytest.mark.parametrize("mode", ["Demo", "demos", "0"])
def test_a_slip_in_the_mode_opens_nothing(monkeypatch: Any, mode: str) -> None:
    monkeypatch.setenv("SENTIMENT_MODE", mode)
    with pytest.raises(UsageError, match="not known"):
        require(Role.VIEWER, doing="look")
    with pytest.raises(UsageError, match="not known"):
        Workspace()


def test_a_thread_that_somebody_starts_acts_for_them() -> None:
    seen = []
    with acting_as(LABELER):
        bare = threading.Thread(target=lambda: seen.append(current()))
        same = threading.Thread(target=carried(lambda: seen.append(current())))
    for thread in (bare, same):
        thread.start()
        thread.join()
    assert seen == [HOST, LABELER]


def test_a_labeler_labels_and_nothing_more(workspace: Workspace, dataset_id: str) -> None:
    store, me = workspace.labels, LABELER.name
    with acting_as(LABELER):
        store.label(dataset_id, [0], "pos", who=me)
        for kind in ("skip", "flag", "unflag", "clear"):
            store.mark(dataset_id, [1], kind, who=me)
        store.note(dataset_id, 1, "a note", who=me)
        assert store.reserve(dataset_id, [5], who=me) == [5]
        store.release(dataset_id, [5], who=me)
        assert len(store.undo(dataset_id, who=me)) == 1
        for forbidden in (
            lambda: store.mark(dataset_id, [1], "exclude", who=me),
            lambda: store.mark(dataset_id, [1], "include", who=me),
            lambda: store.mark(dataset_id, [1], "settle", who=me, label="pos"),
            lambda: store.label(dataset_id, [1], "pos", who=me, how="imported"),
            lambda: store.append(dataset_id, [NewEvent(row=1, kind="label", label="pos", who="x")], on_behalf=True),
            lambda: store.add_class(dataset_id, "new", who=me),
            lambda: store.set_settings(dataset_id, who=me, goal=3),
            lambda: store.set_guidelines(dataset_id, "words", who=me),
            lambda: store.rebuild(dataset_id),
            lambda: import_labels(store, workspace.imported(dataset_id), b"row,label\n2,pos\n", name="l.csv", who=me),
            lambda: workspace.add_dataset(made_dataset(name="again")),
            lambda: workspace.delete_dataset(dataset_id),
            lambda: workspace.create_run(dataset_id, FinetuneConfig()),
        ):
            with pytest.raises(AccessError, match="labeler may not"):
                forbidden()


@pytest.mark.parametrize("person", [LABELER, OWNER])
def test_whoever_signed_in_speaks_in_their_own_name(workspace: Workspace, dataset_id: str, person: Person) -> None:
    store = workspace.labels
    with acting_as(person):
        for forged in (
            lambda: store.label(dataset_id, [0], "pos", who="ceo@example.org"),
            lambda: store.append(
                dataset_id,
                [NewEvent(row=row, kind="skip", who=who) for row, who in ((0, person.name), (1, "ceo@example.org"))],
            ),
            lambda: store.undo(dataset_id, who="ceo@example.org"),
            lambda: store.reserve(dataset_id, [0], who="ceo@example.org"),
            lambda: store.release(dataset_id, [0], who="ceo@example.org"),
        ):
            with pytest.raises(AccessError, match="ceo@example"):
                forged()
    assert store.history(dataset_id).empty


def test_a_labeler_takes_back_only_what_is_their_own(workspace: Workspace, dataset_id: str) -> None:
    store = workspace.labels
    theirs = store.label(dataset_id, [3], "neg", who="ann@example.org")[0]
    undo = NewEvent(row=3, kind="undo", who=LABELER.name, target=theirs.id)
    with acting_as(LABELER):
        with pytest.raises(AccessError, match="somebody else's"):
            store.append(dataset_id, [undo])
        assert store.undo(dataset_id, who=LABELER.name) == []
    with acting_as(Person(Role.OWNER, LABELER.name)):
        assert len(store.append(dataset_id, [undo])) == 1


def test_an_owner_imports_what_others_said(workspace: Workspace, dataset_id: str) -> None:
    content = b"row,label,who,status\n2,pos,carla,labeled\n3,neg,,labeled\n"
    with acting_as(OWNER):
        import_labels(workspace.labels, workspace.imported(dataset_id), content, name="l.csv", who=OWNER.name)
    assert workspace.labels.history(dataset_id)["who"].tolist() == ["carla", OWNER.name]


# --- what a demo shows


@pytest.fixture
def two(workspace: Workspace) -> dict[str, str]:
    """Two datasets with a run each, by name."""
    ids = {}
    for name, more in (("first", b""), ("second", b"one more,pos\n")):
        dataset = made_dataset(b"text,label\ngood,pos\nbad,neg\n" + more, name=name)
        ids[name] = workspace.add_dataset(dataset)[0].id
        ids[f"{name} run"] = workspace.create_run(ids[name], FinetuneConfig(), name=f"{name} run").id
    workspace.rename_dataset(ids["second"], "renamed")
    return ids


@pytest.mark.parametrize(
    ("content", "datasets", "runs"),
    [
        ("", ["first", "second"], ["first run", "second run"]),
        ("runs = ['first run']", ["first"], ["first run"]),
        ("datasets = ['renamed']", ["second"], ["second run"]),
        ("datasets = ['second']", [], []),  # the name that it had
        ("datasets = ['first']\nruns = ['second run']", ["first"], []),
        ("datasets = ['first']\nruns = []", ["first"], []),
        ("datasets = []", [], []),
    ],
)
def test_a_demo_shows_what_its_file_names(
    workspace: Workspace, two: dict[str, str], monkeypatch: Any, content: str, datasets: list[str], runs: list[str]
) -> None:
    from sentiment.demo import shown_in_demo

    (workspace.root / "demo.toml").write_text(content)
    expected = {two[name] for name in datasets}, {two[name] for name in runs}
    infos, found = shown_in_demo(workspace)
    assert ({info.id for info in infos}, {run.id for run in found}) == expected
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    demo = Workspace()
    assert ({info.id for info in demo.datasets()}, {run.id for run in demo.runs()}) == expected


def test_what_is_not_shown_and_what_is_not_there_get_the_same_answer(
    workspace: Workspace, two: dict[str, str], monkeypatch: Any
) -> None:
    (workspace.root / "demo.toml").write_text("runs = ['first run']")
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    demo = Workspace()
    missing, other = "20260101-000000-abcdef", two["second run"]
    for ask, hidden, unknown in (
        (demo.run, other, missing),
        (demo.dataset_info, two["second"], "0" * 12),
        (demo.dataset, two["second"], "0" * 12),
        (demo.imported, two["second"], "0" * 12),
        (demo.dataset_folder, two["second"], "0" * 12),
        (demo.delete_run, other, missing),
        (demo.restore_dataset, two["second"], "0" * 12),
    ):
        answers = []
        for given in (hidden, unknown, "../runs"):
            with pytest.raises(SentimentError) as caught:
                ask(given)
            answers.append((type(caught.value), str(caught.value)))
        assert len(set(answers)) == 1, ask


@pytest.mark.parametrize("content", ["runs = [", "runs = 'all'", "runs = [3]", "run = []"])
def test_a_file_that_does_not_say_what_is_shown_shows_nothing(
    workspace: Workspace, two: dict[str, str], monkeypatch: Any, content: str
) -> None:
    (workspace.root / "demo.toml").write_text(content)
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    demo = Workspace()
    for look in (demo.datasets, demo.runs, lambda: demo.run(two["first run"]), lambda: demo.dataset(two["first"])):
        with pytest.raises(AccessError, match=r"demo\.toml"):
            look()


def test_the_check_before_the_start_refuses_what_would_close_the_server(workspace: Workspace, tmp_path: Path) -> None:
    def check() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sentiment.roles"], capture_output=True, text=True, cwd=Path(__file__).parents[1]
        )

    assert check().returncode == 0
    (workspace.root / "roles.toml").write_text("owner = [")
    refused = check()
    assert refused.returncode == 2
    assert "roles.toml" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_demo_is_prepared_only_where_it_may_be_written(
    workspace: Workspace, dataset_id: str, monkeypatch: Any
) -> None:
    from sentiment.demo import prepare_demo

    assert prepare_demo(workspace) is None  # there is something to show already
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    with pytest.raises(UsageError, match="writes nothing"):
        prepare_demo(workspace)


@pytest.mark.slow
def test_an_empty_workspace_gets_a_sample_and_a_finished_run(workspace: Workspace) -> None:
    from sentiment.demo import prepare_demo

    said: list[str] = []
    run = prepare_demo(workspace, tell=said.append)
    assert run is not None
    assert run.has_model
    assert run.state.status == "finished"
    assert [info.n_rows for info in workspace.datasets()] == [2465]
    assert len(said) == 2


def test_a_read_only_workspace_is_enough_for_a_demo(workspace: Workspace, dataset_id: str, monkeypatch: Any) -> None:
    for path in [workspace.root, *workspace.root.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        monkeypatch.setenv("SENTIMENT_MODE", "demo")
        assert Workspace().dataset(dataset_id).n_rows == 30
    finally:
        monkeypatch.delenv("SENTIMENT_MODE")
        for path in [workspace.root, *workspace.root.rglob("*")]:
            path.chmod(0o755)
    with pytest.raises(WorkspaceError):
        Workspace().dataset("0" * 12)
