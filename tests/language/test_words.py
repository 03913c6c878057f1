"""Words are compared by stems that depend on nothing but the word and its language."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product

from factcheck.language.words import stem

FORMS = ["".join(parts) for parts in product(("relation", "hopeful", "generaliz"), ("ation", "ness", "ing"), ("", "s"))]


def test_threads_that_stem_at_once_do_not_get_each_others_stems() -> None:
    alone = {form: stem.__wrapped__(form, "en") for form in FORMS}
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(lambda form: stem.__wrapped__(form, "en"), FORMS * 100))
    finally:
        sys.setswitchinterval(before)
    assert together == [alone[form] for form in FORMS] * 100
