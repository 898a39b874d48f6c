"""What the answer to the first question says of the way to the target: mistakes that would fail every page alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.client.failure import ClientError, NotAllowed
from entsurge.client.redirects import next_hop
from entsurge.client.url import split
from entsurge.said import said

if TYPE_CHECKING:
    from entsurge.client.access import Access
    from entsurge.client.response import Response

_ON_A_PAGE = (  # servers say so on a page of status 400, not in the handshake
    (b"No required SSL certificate was sent",
     "the server asks for a client certificate: name it as `client_certificate` and `client_key` in the target file"),
    (b"The SSL certificate error",
     "the server does not trust the client certificate: `client_certificate` is of another authority than it expects"),
    (b"plain HTTP request was sent to HTTPS port", "the port speaks TLS: write https:// in the target file"),
    (b"speaking plain HTTP to an SSL-enabled server port", "the port speaks TLS: write https:// in the target file"),
)  # fmt: skip


def fault(answer: Response, access: Access) -> str:
    """Why no page can be had this way, and the remedy; empty where nothing of the kind is seen."""
    if answer.status == 400:
        return next((what for sign, what in _ON_A_PAGE if sign in answer.body), "")
    try:
        hop = next_hop(answer)
        if hop is None:
            return ""
        origin = split(hop.url).origin
        access.allow.endpoints(origin.host, origin.port)
    except NotAllowed as error:
        return said("the first page leads to another host, and {said}", said=error.said)
    except ClientError:  # a broken link, an app's own scheme, a name that is not there: the page's own failure
        return ""
    return ""
