"""Names by their spelling."""

from __future__ import annotations

import pytest

from factcheck.language.names import names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Will Trump kein zweites Scheitern erleben, muss er handeln.", ["Trump"]),
        ("Hat Angela Merkel das gesagt?", ["Angela Merkel"]),
        ("Willy Brandt trat zurück.", ["Willy Brandt"]),
    ],
)
def test_a_german_verb_that_opens_a_sentence_is_no_part_of_the_name_after_it(text: str, found: list[str]) -> None:
    assert [name.text for name in names(text, "de")] == found
