"""JSON:API documents, by themselves: whatever the resources, the rules of the format hold."""

from functools import partial

from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from entsandbox.mobile.jsonapi import Refused, Resource, document, read_query

NAMES = ("a", "b", "c")
PATHS = frozenset(
    ".".join(path) for path in [(x,) for x in NAMES] + [(x, y) for x in NAMES for y in NAMES]
    + [(x, y, z) for x in NAMES for y in NAMES for z in NAMES]
)  # fmt: skip


@st.composite
def resources(draw):
    """Some resources that refer to each other as they like, in circles too."""
    count = draw(st.integers(1, 5))
    ends = st.integers(0, count - 1)
    edges = draw(
        st.lists(
            st.dictionaries(st.sampled_from(NAMES), st.one_of(st.none(), ends, st.lists(ends, max_size=3)), max_size=3),
            min_size=count,
            max_size=count,
        )
    )

    def find(end):
        if isinstance(end, list):
            return [made[each] for each in dict.fromkeys(end)]
        return made[end] if end is not None else None

    made = [
        Resource("xy"[n % 2], str(n), {"n": n, "t": n}, {name: partial(find, end) for name, end in edges[n].items()})
        for n in range(count)
    ]
    return made[: draw(st.integers(0, count))]


def every(made):
    """Each resource object of a document."""
    return [*made["data"], *made.get("included", [])]


@given(resources(), st.sets(st.sampled_from(sorted(PATHS)), max_size=4))
def test_compound_documents_are_fully_linked_and_hold_everything_once(primary, include) -> None:
    """JSON:API 1.0: no resource twice; each included one is referred to; each reference leads to one."""
    parents = frozenset(path[:n] for path in include for n in range(1, len(path) + 1) if path[n : n + 1] in ("", "."))
    made = document(primary, parents)
    keys = [(each["type"], each["id"]) for each in every(made)]
    assert len(keys) == len(set(keys))
    referred = {
        (one["type"], one["id"])
        for each in every(made)
        for relation in each.get("relationships", {}).values()
        for one in (relation["data"] if isinstance(relation["data"], list) else [relation["data"]])
        if one is not None
    }
    assert referred <= set(keys)
    assert {(each["type"], each["id"]) for each in made.get("included", [])} <= referred
    assert ("included" in made) is bool(include)


@given(resources(), st.sets(st.sampled_from(("n", "t", "other"))))
def test_sparse_fieldsets_leave_only_what_was_asked(primary, kept) -> None:
    """Attributes outside the set are gone; other types keep all of theirs."""
    made = document(primary, frozenset(NAMES), {"x": frozenset(kept)})
    for each in every(made):
        assert set(each["attributes"]) == ({"n", "t"} & kept if each["type"] == "x" else {"n", "t"})


def test_relationships_are_not_read_unless_asked_for() -> None:
    """A function behind a relationship is called for an include and not otherwise."""
    called = []
    resource = Resource("x", "1", {}, {"a": lambda: called.append("a") or [], "b": lambda: called.append("b") or None})
    assert document(resource) == {"data": {"type": "x", "id": "1", "attributes": {}}}
    assert called == []
    assert document(resource, frozenset({"a"}))["data"]["relationships"] == {"a": {"data": []}}
    assert called == ["a"]


@given(
    st.dictionaries(
        st.sampled_from(("include", "include[]", "page[limit]", "page[offset]", "fields[x]", "filter[q]")), st.text()
    )
)
def test_any_address_is_read_or_refused(parameters) -> None:
    """Whatever stands in an address, it is understood or answered with an error: nothing else comes of it."""
    found = read_or_refused(parameters)
    if isinstance(found, Refused):
        assert found.status == 400
        assert found.source["parameter"] in ("include", "page[limit]", "page[offset]")
        return
    assert 1 <= found.page.limit <= 100
    assert 0 <= found.page.offset <= 1_000_000
    assert found.include <= PATHS


def read_or_refused(parameters):
    """What an address asks, or the refusal."""
    try:
        return read_query(QueryParams(parameters), PATHS)
    except Refused as refused:
        return refused


def test_known_relationships_are_referred_to() -> None:
    """A resource at hand is named without being included, unless a sparse fieldset leaves the relationship out."""
    other = Resource("y", "2")
    resource = Resource("x", "1", {"n": 1}, {"a": other, "b": None, "c": [other]})
    assert document(resource)["data"]["relationships"] == {"a": {"data": {"type": "y", "id": "2"}}}
    assert "relationships" not in document(resource, fields={"x": frozenset({"n"})})["data"]
    assert document(resource, frozenset({"a"}), {"x": frozenset()})["included"] == [
        {**other.identity, "attributes": {}}
    ]


def test_paths_include_what_lies_on_the_way() -> None:
    """`a.b` includes `a`, and lists may come as `include[]` several times."""
    query = read_query(QueryParams([("include[]", "a.b"), ("include[]", "c")]), PATHS)
    assert query.include == {"a", "a.b", "c"}
