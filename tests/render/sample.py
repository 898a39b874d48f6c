"""A made-up report: an ordinary week, a lockdown, a lockdown with measures; every figure is invented."""

import math

PERSONAS = ["student", "teacher", "parent"]
SERVICES = [
    "sign-on", "home", "lesson-book", "homework", "messages", "marks", "absences", "files", "chat", "video-class",
]  # fmt: skip
HOSTILE = "<script>alert('x')</script>"
MEASURE = {
    "id": "pupils-and-teachers-first",
    "kind": "measure",
    "title": {"fr": "Élèves et enseignants d’abord", "en": "Pupils and teachers first"},
    "defers": ["parent", "staff"],
    "start_s": 10.0,
    "end_s": 50.0,
}


def sample(runs=3):
    """The data of a report of one run, of two or of three."""
    built = [ordinary(), lockdown(), with_measures()][:runs]
    return {
        "format": 1,
        "generated_utc": "2026-03-02T10:00:00+00:00",
        "baseline": built[0]["name"],
        "same_plan_note": None,
        "runs": built,
    }


def ordinary():
    """The baseline: everything is served."""
    run = _run("20260302T080000Z-ordinary-week", "ordinary-week", "baseline", served=0.99, pages=20.0)
    run |= _verdict("PASS", 0, "L’essai tient ses objectifs.", "The run kept its objectives.")
    run["title"] = {"fr": "semaine ordinaire, lycées", "en": "ordinary week, high schools"}
    return run


def lockdown():
    """The surge: four pages in ten are lost, by everyone."""
    run = _run("20260302T081000Z-lockdown-2020", "lockdown-2020", "surge", served=0.58, pages=50.0)
    run |= _verdict("FAIL", 3, "L’essai manque 4 objectifs.", "The run missed 4 objectives.")
    run["reasons"] = [{"fr": "student-latency manqué", "en": "student-latency missed"}]
    run["title"] = {"fr": "confinement, lycées", "en": "lockdown, high schools"}
    run["continuity"]["schools_cut_off"] = {"count": 9, "of": 40, "names": ["Lycée A", f"Lycée {HOSTILE}"]}
    run["failures"] = [_failure("failed", 503), _failure("shed", 200), _failure("lost", None)]
    run["matrix"]["inversions"] = [
        {
            "fr": "les parents perdent moins que les enseignants sur le cahier de textes (84 contre 47)",
            "en": "parents lose less than teachers on the lesson book (84 against 47)",
        }
    ]
    return run


def with_measures():
    """The surge with a measure: pupils and teachers are served, parents deferred."""
    run = _run("20260302T082000Z-lockdown-2020", "lockdown-2020", "surge", served=0.96, pages=50.0)
    run |= _verdict("PASS", 0, "L’essai tient pour élèves et enseignants.", "The run holds for pupils and teachers.")
    run["title"] = {"fr": "confinement, lycées", "en": "lockdown, high schools"}
    run["perturbations"] = [MEASURE]
    run["deferred_visits"] = {"parent": 58}
    for service in SERVICES:
        run["matrix"]["cells"]["parent"][service] |= {"state": "shed", "shed": 40, "ok": 3, "served_percent": 7.0}
    run["objectives"][2] |= {"state": "deferred", "value": None, "low": None, "high": None}
    return run


def _verdict(verdict, code, french, english):
    return {"verdict": verdict, "exit_code": code, "sentence": {"fr": french, "en": english}, "reasons": []}


def _run(name, profile, phase, *, served, pages):
    surge = phase == "surge"
    return {
        "name": name,
        "path": f"runs/{name}",
        "profile": profile,
        "target": {"url": "http://127.0.0.1:8080", "driver": "portal", "name": "ENT de démonstration"},
        "scale": "1/86",
        "compression": 45.0,
        "window": {"day": "monday", "from": "09:00", "to": "09:30"},
        "started_utc": "2026-03-02T08:00:00+00:00",
        "seed": 9,
        "plan_digest": "9f2c" * 16,
        "versions": {"entsurge": "0.1.0", "python": "3.11.9", "locust": "2.47.0"},
        "phase": phase,
        "window_seconds": 40.0,
        "content": [{"kind": "profiles", "name": profile, "path": f"profiles/{profile}.toml", "sha256": "ab12" * 16}],
        "perturbations": [],
        "notes": [],
        "pages_per_second": {"planned": pages, "ok": pages * served},
        "deferred_visits": {},
        "continuity": _continuity(served),
        "figures": _figures(served) if surge else _baseline_figures(),
        "matrix": _matrix(served, surge),
        "objectives": _objectives(served, phase),
        "validity": _validity(),
        "timeline": _timeline(served, pages),
        "failures": [],
    }


def _continuity(served):
    return {
        "students": {"came": 150, "read": int(150 * served), "per_100": 100 * served},
        "teachers": {"came": 31, "published": int(31 * served), "per_100": 99 * served},
        "schools_cut_off": {"count": 0, "of": 40, "names": []},
        "by_academy": [
            {
                "academy": name,
                "students_per_100": 100 * served - index,
                "teachers_per_100": 98 * served,
                "schools_cut_off": 0,
            }
            for index, name in enumerate(["Clermont-Ferrand", "Grenoble", "Lyon"])
        ],
    }


def _figure(published, change, week, window, served, *, minutes=False):
    changed = change is not None
    return {
        "published": {"value": published, "change_percent": change},
        "week": week,
        "week_change": change,
        "window": window,
        "window_change": change,
        "opened": window * 0.8 if served < 0.9 else window,
        "opened_change": change * 0.8 if changed else None,
        "served": None if minutes else window * served,
        "served_change": (change * served - 20) if changed and not minutes else None,
        "reading": 8.2 if minutes else None,
        "waiting": 4.9 if minutes else None,
    }


def _figures(served):
    return {
        "visits": _figure(1_830_000, 43, 1_830_000, 247, served),
        "page_views": _figure(14_805_000, 147, 14_805_000, 1998, served),
        "minutes_per_visit": _figure(10, 120, 10.0, 10.0, served, minutes=True),
        "pages_per_visit": _figure(8, 72, 8.09, 8.09, served),
    }


def _baseline_figures():
    return {
        "visits": _figure(None, None, 1_279_720, 173, 1.0),
        "page_views": _figure(None, None, 5_993_927, 810, 1.0),
        "minutes_per_visit": _figure(None, None, 4.55, 4.55, 1.0, minutes=True),
        "pages_per_visit": _figure(None, None, 4.68, 4.68, 1.0) | {"published": None},
    }


def _matrix(served, surge):
    cells = {
        persona: {
            service: _cell(max(0.0, min(1.0, served - 0.03 * row + 0.04 * (column % 4) - 0.02)), surge)
            for column, service in enumerate(SERVICES)
        }
        for row, persona in enumerate(PERSONAS)
    }
    cells["parent"]["video-class"] = _cell(None, surge)
    return {"personas": PERSONAS, "services": SERVICES, "cells": cells, "inversions": []}


def _cell(served, surge):
    if served is None:
        return dict.fromkeys(("served_percent", "availability", "p50_s", "p95_s", "p99_s", "apdex", "change_points",
                              "change_low", "change_high")) | dict.fromkeys(
            ("planned", "ok", "shed", "failed", "lost", "unserved"), 0) | {"state": "none"}  # fmt: skip
    ok = round(80 * served)
    return {
        "planned": 80,
        "ok": ok,
        "shed": 0,
        "failed": (80 - ok) // 2,
        "lost": 0,
        "unserved": 80 - ok - (80 - ok) // 2,
        "served_percent": 100 * served,
        "availability": served,
        "p50_s": 0.2 / served,
        "p95_s": 0.6 / served**3,
        "p99_s": 1.2 / served**4,
        "apdex": served,
        "change_points": 100 * served - 98 if surge else None,
        "change_low": 100 * served - 103 if surge else None,
        "change_high": 100 * served - 93 if surge else None,
        "state": "ok" if served > 0.93 else "warn" if served > 0.6 else "bad",
    }


def _objectives(served, phase):
    state = "met" if served > 0.9 else "missed"
    latency = {"must": "p95 < 1600ms", "unit": "s", "value": 0.6 / served**3, "low": 0.5, "high": 0.9 / served**3}
    errors = {"must": "errors < 1%", "unit": "ratio", "value": 1 - served, "low": 0.002, "high": 1.1 - served}
    shared = {"service": "*", "phase": phase, "required": True, "count": 1204, "state": state}
    return [
        {"id": "student-latency", "persona": "student", **shared, **latency},
        {"id": "student-errors", "persona": "student", **shared, **errors},
        {"id": "parent-latency", "persona": "parent", **shared, **latency, "required": False},
        {"id": "teacher-lessons", "persona": "teacher", **shared, **latency, "service": "lesson-book",
         "state": "not-enough-data", "count": 31, "required": False},
    ]  # fmt: skip


def _validity():
    lights = [
        ("started", True, "visites lancées / prévues 247 / 247", "visits started / planned 247 / 247"),
        ("start-lag", True, "retard de départ p99 1,2 ms", "start lag p99 1.2 ms"),
        ("cpu", True, "processeur du générateur 14 %", "generator CPU 14%"),
        ("little", None, "loi de Little : 1,8 % d’écart, non jugée", "Little’s law: 1.8% apart, not judged"),
        ("workers", True, "aucun générateur perdu", "no generator lost"),
        ("lost", False, "3 pages perdues par le générateur", "3 pages lost by the generator"),
        ("finished", True, "essai terminé", "run finished"),
    ]
    return [{"name": name, "ok": ok, "fr": french, "en": english} for name, ok, french, english in lights]


def _timeline(served, pages):
    seconds = list(range(56))
    offered = [pages * min(1.0, second / 8) * (1 + 0.1 * math.sin(second)) if second < 50 else 0 for second in seconds]
    ok = [each * (served if second > 12 else 0.98) for second, each in zip(seconds, offered, strict=True)]
    return {
        "second": seconds,
        "offered_pages": offered,
        "ok": ok,
        "shed": [0] * 56,
        "failed": [(each - good) * 0.8 for each, good in zip(offered, ok, strict=True)],
        "lost": [0] * 56,
        "p50_s": [None, *[0.2 / served + 0.01 * second for second in seconds[1:]]],
        "p95_s": [None, *[0.6 / served**3 + 0.03 * second for second in seconds[1:]]],
        "visitors": [3 * each for each in offered],
        "phases": [
            {"name": "warm-up", "start_s": 0.0, "end_s": 10.0},
            {"name": "surge", "start_s": 10.0, "end_s": 50.0},
            {"name": "drain", "start_s": 50.0, "end_s": 56.0},
        ],
    }


def _failure(outcome, status):
    return {
        "signature": f"homework homework {status} {HOSTILE}",
        "outcome": outcome,
        "count": 412,
        "persona": "student",
        "service": "homework",
        "page": "homework",
        "request": {
            "method": "GET",
            "url": f"http://127.0.0.1:8080/homework?who={HOSTILE}",
            "headers": {"Cookie": "[redacted]", "X-Account": HOSTILE},
        },
        "response": None
        if status is None
        else {
            "status": status,
            "headers": {"Server": HOSTILE},
            "excerpt": f"<h1>Vous êtes très nombreux</h1>{HOSTILE}",
        },
        "traceback": f"Traceback: {HOSTILE}" if status is None else None,
    }
