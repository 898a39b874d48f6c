"""One request of an AAF file: add, modify or delete a school, a subject, a training, a person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from lxml import etree

Request = Literal["add", "modify", "delete"]
Kind = Literal["EtabEducNat", "MatiereEducNat", "MefEducNat", "PersEducNat", "PersRelEleve", "Eleve"]
KINDS: tuple[Kind, ...] = ("EtabEducNat", "MatiereEducNat", "MefEducNat", "PersEducNat", "PersRelEleve", "Eleve")
ENCODING = "ISO-8859-15"
DTD_NAME = "ficAlimMENESR.dtd"
ROOT = "ficAlimMENESR"
# What entries say of their kind where that is not its name: as real exports have it, then as older ones had.
_SAID: dict[Kind, tuple[str, ...]] = {"MatiereEducNat": ("MatEducNat", "MatiereEducNat")}

# How a file says of what kind its entries are. Of persons this is known, of the others it is reasoned.
_OPERATIONAL: dict[Kind, str] = {
    "EtabEducNat": "categorieStructure", "MatiereEducNat": "categorieMatiere", "MefEducNat": "categorieMef",
    "PersEducNat": "categoriePersonne", "PersRelEleve": "categoriePersonne", "Eleve": "categoriePersonne",
}  # fmt: skip


def categories(kind: Kind) -> tuple[str, ...]:
    """What entries of a kind may say that they are; the first is what is written."""
    return _SAID.get(kind, (kind,))


@dataclass(frozen=True, slots=True)
class Entry:
    """What a file asks for: of which kind, whose join id, which attributes (none for a deletion)."""

    request: Request
    kind: Kind
    id: str
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def values(self, name: str) -> tuple[str, ...]:
        """The values of an attribute; none if it is not there."""
        return next((values for known, values in self.attributes if known == name), ())

    def value(self, name: str) -> str:
        """Its first value, or nothing."""
        return next(iter(self.values(name)), "")

    def element(self) -> etree._Element:
        """The request as the DTD has it."""
        request = etree.Element(f"{self.request}Request")
        attr = etree.SubElement(
            etree.SubElement(request, "operationalAttributes"), "attr", name=_OPERATIONAL[self.kind]
        )
        etree.SubElement(attr, "value").text = categories(self.kind)[0]
        etree.SubElement(etree.SubElement(request, "identifier"), "id").text = self.id
        if self.request != "delete":
            modified = self.request == "modify"
            holder = etree.SubElement(request, "modifications" if modified else "attributes")
            for name, values in self.attributes:
                one = etree.SubElement(holder, "modification" if modified else "attr", name=name)
                if modified:
                    one.set("operation", "replace")
                for value in values:
                    etree.SubElement(one, "value").text = value
        return request

    @classmethod
    def of(cls, request: etree._Element, kind: Kind) -> Entry:
        """The entry of a valid element without comments; an attribute that is there twice has the values of both."""
        name: Request = request.tag.removesuffix("Request")
        holder = request.find("modifications" if name == "modify" else "attributes")
        attributes: dict[str, tuple[str, ...]] = {}
        for one in holder if holder is not None else ():
            values = tuple((value.text or "").strip() for value in one)
            attributes[one.get("name", "")] = attributes.get(one.get("name", ""), ()) + values
        return cls(name, kind, (request.findtext("identifier/id") or "").strip(), tuple(attributes.items()))


def dtd_text() -> str:
    """The DTD, as it is written beside the files."""
    return files(__package__).joinpath(DTD_NAME).read_text("ascii")


@cache
def dtd() -> etree.DTD:
    """The DTD, parsed once."""
    from io import StringIO

    return etree.DTD(StringIO(dtd_text()))
