"""Baselines in an S3 bucket, of whoever speaks that protocol: `s3://BUCKET/PREFIX`.

Addresses and keys are found as boto3 finds them (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, a profile…): none stands on our
command line but the endpoint. An object is there whole or not at all; a listing is what there is, so that nobody writes
an index that another push could lose.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsurge.baselines.archive import is_ours
from entsurge.baselines.place import S3, Held
from entsurge.errors import TargetUnreachable, UsageError
from entsurge.extras import need
from entsurge.said import said

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 5, 60, 2


@dataclass(frozen=True)
class Bucket:
    """The part of a bucket under a prefix, which is empty or ends with a slash."""

    client: Any
    name: str
    prefix: str

    @classmethod
    def of(cls, address: str, endpoint: str | None) -> Bucket:
        """The place of an address. Raises UsageError for one that names no bucket, and where boto3 is missing."""
        need("s3", S3)
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        name, _, prefix = address.removeprefix(S3).partition("/")
        if not name:
            raise UsageError(said("{address}: names no bucket", address=address), hint="such as s3://bucket/lockdown")
        config = Config(
            connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries={"total_max_attempts": ATTEMPTS}
        )
        try:
            client = boto3.session.Session().client("s3", endpoint_url=endpoint, config=config)
        except (BotoCoreError, ValueError) as error:
            raise UsageError(said("{address}: {error}", address=address, error=error)) from None
        return cls(client, name, f"{prefix.strip('/')}/" if prefix.strip("/") else "")

    def __str__(self) -> str:
        return f"{S3}{self.name}/{self.prefix}"

    def held(self) -> Held:
        """What lies under the prefix now, of any number of objects."""
        names = []
        with self._answered():
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=self.prefix):
                names += [each["Key"].removeprefix(self.prefix) for each in page.get("Contents", ())]
        ours = tuple(sorted(name for name in names if is_ours(name)))
        return Held(ours, len([name for name in names if name and not is_ours(name)]))

    def put(self, name: str, packed: bytes) -> None:
        """Keep this under its name."""
        with self._answered():
            self.client.put_object(Bucket=self.name, Key=self.prefix + name, Body=packed)

    def get(self, name: str) -> bytes:
        """What is kept under a name."""
        with self._answered():
            answer: bytes = self.client.get_object(Bucket=self.name, Key=self.prefix + name)["Body"].read()
        return answer

    def remove(self, name: str) -> None:
        """Keep this no longer."""
        with self._answered():
            self.client.delete_object(Bucket=self.name, Key=self.prefix + name)

    @contextmanager
    def _answered(self) -> Iterator[None]:
        """What goes wrong, in one sentence: nobody answers (6), or the answer is no (2)."""
        from botocore import exceptions

        try:
            yield
        except exceptions.ClientError as error:
            told = error.response.get("Error", {})
            why = f"{told.get('Code', '?')}: {told.get('Message', '')}".rstrip(": ")
            raise UsageError(
                said("{address}: {why}", address=self, why=why), hint="is it the right bucket, and may this key use it?"
            ) from None
        except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
            raise UsageError(
                said("{address}: {error}", address=self, error=error),
                hint="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
            ) from None
        except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
            raise TargetUnreachable(
                said("{address}: does not answer: {error}", address=self, error=error),
                hint="AWS_ENDPOINT_URL, or --endpoint, says where the bucket is",
            ) from None
        except (exceptions.BotoCoreError, ValueError) as error:
            raise UsageError(said("{address}: {error}", address=self, error=error)) from None
