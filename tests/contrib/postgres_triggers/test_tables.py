"""Which tables a model lives in, and whose keys their rows hold."""

from channels_binding.contrib.postgres_triggers.tables import all_watched, covered, models_of, watched
from tests.project.zoo.models import Cafe, Crew, Label, LoudNote, Membership, Note, Person, Place, Seat, Token


def test_a_row_tells_its_own_key() -> None:
    assert watched(Token).pairs == (("zoo.Token", "id"),)
    assert watched(Token).table == "zoo_token"


def test_a_many_to_many_table_tells_of_both_sides() -> None:
    assert watched(Note.labels.through).pairs == (
        ("zoo.Note_labels", "id"),
        ("zoo.Note", "note_id"),
        ("zoo.Label", "label_id"),
    )


def test_a_through_model_of_the_project_s_own_tells_of_both_sides_as_well() -> None:
    assert {("zoo.Membership", "id"), ("zoo.Person", "person_id"), ("zoo.Crew", "crew_id")} <= {
        *watched(Membership).pairs
    }
    assert Membership in [*models_of(Person)]
    assert Membership in [*models_of(Crew)]


def test_a_child_s_key_is_the_column_that_points_to_its_parent() -> None:
    assert watched(Cafe).pairs == (("zoo.Cafe", "place_ptr_id"),)
    assert [*models_of(Cafe)] == [Cafe, Place]


def test_a_proxy_lives_where_its_model_does() -> None:
    assert {*models_of(LoudNote)} == {*models_of(Note)}


def test_a_key_of_several_columns_has_none_to_tell() -> None:
    assert watched(Seat).pairs[0] == ("zoo.Seat", "")


def test_each_table_is_watched_once() -> None:
    tables = [each.table for each in all_watched([Note, Label, Note])]
    assert tables == ["zoo_label", "zoo_note", "zoo_note_labels"]


def test_a_model_is_covered_if_all_its_tables_are() -> None:
    assert covered({"zoo_note", "zoo_token"}) == {"zoo.Token"}, "a note has labels as well"
    assert {"zoo.Note", "zoo.Note_labels"} <= covered({"zoo_note", "zoo_note_labels"})
    assert covered({"zoo_cafe"}) == frozenset()
    assert {"zoo.Cafe", "zoo.Place"} <= covered({"zoo_cafe", "zoo_place"})
