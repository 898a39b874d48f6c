"""Absences: teachers take the register, staff give reasons, pupils and parents read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from entsandbox.portal.views.view import (
    Article,
    Asked,
    Denied,
    Field,
    Form,
    Item,
    Misaddressed,
    Section,
    View,
    Written,
    class_field,
    day,
)
from entsandbox.state.store import absences, moment, notifications
from entsandbox.state.store.absences import Absence, Register

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from entsandbox.sent_form import Sent
    from entsurge.population import Person

PATH = "absences"
REGISTERS = "absences/appels"
_TAKERS = frozenset({"teacher", "staff"})
_KINDS = {"absence": "Absence", "late": "Retard"}
_DAYS_BACK, _LOOKED_AT, _SHOWN = 14, 200, 20


def read(db: Connection, asked: Asked) -> View | None:
    """The absences that one may see and the register's form, or one absence."""
    if asked.key is not None:
        absence = absences.one(db, asked.person.uai, asked.key)
        return _one(db, asked, absence) if absence is not None and _may_see(asked, absence.login) else None
    if not asked.reach.of_their_classes:
        found = absences.of_pupils(db, [pupil.login for pupil in asked.reach.pupils])
        return View([Section([_item(asked, each) for each in found])])
    since = moment.day_after(moment.today().isoformat(), -_DAYS_BACK)
    all_found = absences.of_school(db, asked.person.uai, since, _LOOKED_AT)
    found = [each for each in all_found if each.class_name in asked.reach.classes][:_SHOWN]
    registers = [
        Item(
            f"Appel, {each.class_name}",
            asked.link(f"{REGISTERS}/{each.id}"),
            f"{each.absent} absent(s), {day(each.at)}",
        )
        for each in absences.registers(db, asked.person.uai, 5)
    ]
    classes = [Item(name, asked.link(f"{PATH}?classe={name}")) for name in asked.reach.classes]
    sections = [
        Section([_item(asked, each) for each in found]),
        Section(registers, "Appels"),
        Section(classes, "Faire l'appel d'une classe"),
    ]
    return View(sections, forms=(_register_form(asked),))


def read_register(db: Connection, asked: Asked) -> View | None:
    """A register that was taken, for those who may take one."""
    register = absences.one_register(db, asked.person.uai, asked.key or 0)
    if register is None or asked.person.rights not in _TAKERS:
        return None
    return _register(db, asked, register)


def write(db: Connection, asked: Asked, sent: Sent) -> Written:
    """Take the register of a class: who is absent or late, and their parents are notified."""
    person = asked.person
    if person.rights not in _TAKERS:
        raise Denied
    name = sent.text("classe") or asked.reach.classes[0]
    if name not in asked.reach.classes:
        raise Misaddressed
    pupils = {pupil.login: pupil for pupil in asked.campus.directory.pupils_of(person.school, name)}
    at = moment.now()
    noted = _noted(sent, pupils)
    new = Register(0, person.uai, name, person.login, at, 0)
    end = (datetime.fromisoformat(at) + timedelta(minutes=55)).isoformat()
    files = [
        Absence(0, person.uai, login, name, kind, at, end, None, False, "", person.login, None)
        for login, kind in noted.items()
    ]
    register = absences.take_register(db, new, files)
    for login, kind in noted.items():
        parents = asked.campus.directory.parents_of(pupils[login])
        title = f"{_KINDS[kind]} de {pupils[login].given_name}"
        notifications.notify(db, [parent.login for parent in parents], "absences", title, PATH, at)
    return Written(_register(db, asked, register), f"{REGISTERS}/{register.id}")


def justify(db: Connection, asked: Asked, sent: Sent) -> Written:
    """Give an absence its reason: staff's business."""
    absence = absences.one(db, asked.person.uai, asked.key or 0)
    if asked.person.rights != "staff" or absence is None:
        raise Denied
    reason = sent.number("motif")
    if reason is not None and reason not in {each.id for each in absences.reasons(db)}:
        raise Misaddressed
    comment = sent.text("commentaire", 1_000)
    absences.justify(db, absence.id, reason, comment)
    kept = absence._replace(reason=reason, justified=reason is not None, comment=comment)
    return Written(_one(db, asked, kept), f"{PATH}/{absence.id}/motif")


def take_reason_back(db: Connection, asked: Asked) -> bool | None:
    """Take an absence's reason back: staff's business; none when there is no such absence."""
    absence = absences.one(db, asked.person.uai, asked.key or 0)
    if absence is None:
        return None
    if asked.person.rights != "staff":
        return False
    absences.justify(db, absence.id, None, "")
    return True


def take_register_back(db: Connection, asked: Asked) -> bool | None:
    """Delete a register that one took, with its absences; none when there is no such register."""
    register = absences.one_register(db, asked.person.uai, asked.key or 0)
    if register is None:
        return None
    if register.teacher != asked.person.login:
        return False
    absences.remove_register(db, register.id)
    return True


def _noted(sent: Sent, pupils: dict[str, Person]) -> dict[str, str]:
    """Who is absent or late; names that are not the class's are left out, as a blank form's `aucun`."""
    fields = (("absents", "absence"), ("retards", "late"))
    return {login: kind for name, kind in fields for login in sent.texts.get(name, []) if login in pupils}


def _may_see(asked: Asked, login: str) -> bool:
    pupil = asked.campus.directory.person(login)
    return pupil is not None and asked.reach.may_see_pupil(pupil)


def _register(db: Connection, asked: Asked, register: Register) -> View:
    noted = absences.of_register(db, register.id)
    byline = f"{asked.name_of(register.teacher)}, {day(register.at)}"
    article = Article(register.id, f"Appel, {register.class_name}", (f"{register.absent} absent(s)",), byline)
    return View([Section([_item(asked, each) for each in noted], "Absents et retards")], article)


def _one(db: Connection, asked: Asked, absence: Absence) -> View:
    labels = {each.id: each.label for each in absences.reasons(db)}
    said = labels.get(absence.reason or 0, "Sans motif")
    span = f"Du {day(absence.starts_at)} au {day(absence.ends_at)}"
    title = f"{_KINDS[absence.kind]} de {asked.name_of(absence.login)}"
    article = Article(absence.id, title, (span, said, absence.comment), asked.name_of(absence.author))
    if asked.person.rights != "staff":
        return View(article=article)
    options = tuple((str(key), label) for key, label in labels.items())
    form = Form(f"{PATH}/{absence.id}", (Field("motif", "select", options), Field("commentaire")), "Justifier")
    return View(article=article, forms=(form,))


def _item(asked: Asked, absence: Absence) -> Item:
    detail = f"{absence.class_name}, {day(absence.starts_at)}" + ("" if absence.justified else ", à justifier")
    title = f"{_KINDS[absence.kind]} de {asked.name_of(absence.login)}"
    return Item(title, asked.link(f"{PATH}/{absence.id}"), detail, unread=not absence.justified)


def _register_form(asked: Asked) -> Form:
    wanted = asked.query.get("classe", "")
    name = wanted if wanted in asked.reach.classes else asked.reach.classes[0]
    pupils = asked.campus.directory.pupils_of(asked.person.school, name)
    boxes = tuple((pupil.login, f"{pupil.given_name} {pupil.family_name}") for pupil in pupils)
    rest = tuple(each for each in asked.reach.classes if each != name)
    fields = (class_field((name, *rest)), Field("absents", "checkboxes", boxes))
    return Form(PATH, fields, "Enregistrer l'appel")
