"""Whom the reader trusts: logs, witnesses, and how many of them (c2sp.org/tlog-policy).

    log VKEY [URL]
    witness NAME VKEY [URL]
    #org=ORGANISATION #auditor #since=SIZE    our own marks, in a comment, about the line before
    group NAME any|all|K MEMBER...
    quorum NAME|none

The marks say who runs a log or witness, which witness is an auditor (it reads the whole log and
checks every leaf before it cosigns), and above which size a log's key signs. They may also end the
log or witness line itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from gongdao_verify.checkpoint import parse_number
from gongdao_verify.signed_note import COSIGNATURE, ML_DSA, BadNote, VerifierKey

MOST_BYTES = 1 << 20
MOST_LINES = 1000
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_COUNT = re.compile(r"[1-9][0-9]{0,3}")
NONE = "none"
_SINCE = "#since="


class BadPolicy(ValueError):
    """The policy cannot be read; the text names the line and is fit to be shown."""


class LogSigner(Protocol):
    """Whose signature makes a checkpoint a log's: a `LogKey`, or a `VerifierKey` alone."""

    @property
    def name(self) -> str:
        """The log's origin."""
        ...

    def keys_at(self, size: int) -> tuple[VerifierKey, ...]:
        """The keys of which one must have signed a checkpoint of ``size`` leaves."""
        ...


@dataclass(frozen=True)
class LogKey:
    """A log: its key (named like its origin), address and operator, both maybe empty.

    A log that changed its key has several lines: ``others`` are the keys of all but the first.
    ``since`` has a number for each key, in their order: it signs trees of more leaves than that.
    """

    key: VerifierKey
    url: str = ""
    organisation: str = ""
    others: tuple[VerifierKey, ...] = ()
    since: tuple[int, ...] = (0,)

    @property
    def name(self) -> str:
        """The log's origin."""
        return self.key.name

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """All its keys."""
        return (self.key, *self.others)

    def keys_at(self, size: int) -> tuple[VerifierKey, ...]:
        """The keys that may sign a tree of ``size`` leaves: those with the newest beginning below
        it. Keys without a beginning are good for all that comes before the first one that has one.
        """
        begun = [one for one in self.since if one < size or one == 0]
        newest = max(begun, default=-1)
        pairs = zip(self.keys, self.since, strict=True)
        return tuple(key for key, one in pairs if one == newest)


@dataclass(frozen=True)
class Witness:
    """A witness under the ``name`` that the policy gives it."""

    name: str
    key: VerifierKey
    url: str = ""
    organisation: str = ""
    auditor: bool = False

    def same_operator(self, log: LogKey) -> bool:
        """Whether this witness must be taken for one of the operator's own."""
        return self.organisation in ("", log.organisation)


@dataclass(frozen=True)
class Group:
    """Witnesses as soon as ``needed`` of its ``members`` (witnesses or groups) do."""

    name: str
    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """What `parse` reads. ``quorum`` is a witness, a group or "none"."""

    logs: Mapping[str, LogKey]
    witnesses: Mapping[str, Witness]
    groups: Mapping[str, Group]
    quorum: str

    @classmethod
    def parse(cls, text: str) -> Policy:
        """Read the policy; BadPolicy names the line that cannot be read."""
        if len(text) > MOST_BYTES or text.count("\n") > MOST_LINES:
            raise BadPolicy("the policy is too long")
        reading = _Reading()
        for number, line in enumerate(text.split("\n"), 1):
            try:
                reading.take(line)
            except (BadPolicy, BadNote) as bad:
                raise BadPolicy(f"line {number}: {bad}") from None
        if reading.quorum is None:
            raise BadPolicy("the policy names no quorum")
        return cls(reading.logs, reading.witnesses, reading.groups, reading.quorum)

    def judge(self, cosigners: Iterable[str]) -> bool:
        """Whether the witnesses named in ``cosigners`` make the quorum."""
        there = set(cosigners) & self.witnesses.keys()
        for group in self.groups.values():  # each comes after its members
            if sum(member in there for member in group.members) >= group.needed:
                there.add(group.name)
        return self.quorum == NONE or self.quorum in there


@dataclass
class _Reading:
    logs: dict[str, LogKey] = field(default_factory=dict)
    witnesses: dict[str, Witness] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str | None = None
    _keys: set[bytes] = field(default_factory=set)
    _members: set[str] = field(default_factory=set)
    _last: tuple[str, str] | None = None

    def take(self, line: str) -> None:
        """Read one line."""
        if _CONTROL.search(line):
            raise BadPolicy("a control character")
        words = [word for word in re.split("[ \t]+", line) if word]
        plain = next((i for i, word in enumerate(words) if word.startswith("#")), len(words))
        words, marks = words[:plain], words[plain:]
        if words:
            self._define(words)
        if any(not _is_mark(mark) for mark in marks):
            if words:
                raise BadPolicy("a comment after a definition can hold marks only")
            return  # words for people
        self._mark(marks)

    def _define(self, words: list[str]) -> None:
        self._last = None
        match words:
            case ["log", vkey]:
                self._add_log(vkey, "")
            case ["log", vkey, url]:
                self._add_log(vkey, url)
            case ["witness", name, vkey]:
                self._add_witness(name, vkey, "")
            case ["witness", name, vkey, url]:
                self._add_witness(name, vkey, url)
            case ["group", name, count, *members] if members:
                self._add_group(name, count, members)
            case ["quorum", name]:
                if self.quorum is not None:
                    raise BadPolicy("a second quorum")
                if name != NONE and name not in self.witnesses and name not in self.groups:
                    raise BadPolicy("a quorum that is not defined above")
                self.quorum = name
            case _:
                raise BadPolicy("not a line of a policy")

    def _add_log(self, vkey: str, url: str) -> None:
        key = VerifierKey.parse(vkey)
        if key.kind == COSIGNATURE:
            raise BadPolicy("a witness's key where a log's is meant")
        if any(one.public == key.public for log in self.logs.values() for one in log.keys):
            raise BadPolicy("a log's key a second time")
        known = self.logs.get(key.name)
        log = LogKey(key, url)
        if known is not None:
            log = replace(known, others=(*known.others, key), since=(*known.since, 0))
        self.logs[key.name] = log
        self._last = ("log", key.name)

    def _add_witness(self, name: str, vkey: str, url: str) -> None:
        self._check_new(name)
        key = VerifierKey.parse(vkey)
        if key.kind not in (COSIGNATURE, ML_DSA):  # those of the second kind never count here
            raise BadPolicy("a log's key where a witness's is meant")
        if key.public in self._keys:
            raise BadPolicy("a witness's key a second time")
        self._keys.add(key.public)
        self.witnesses[name] = Witness(name, key, url)
        self._last = ("witness", name)

    def _add_group(self, name: str, count: str, members: list[str]) -> None:
        self._check_new(name)
        for member in members:
            if member not in self.witnesses and member not in self.groups:
                raise BadPolicy("a member that is not defined above")
            if member in self._members:
                raise BadPolicy("a member that is in a group already")
            self._members.add(member)
        needed = {"any": 1, "all": len(members)}.get(count)
        if needed is None and _COUNT.fullmatch(count):
            needed = int(count)
        if needed is None or not 1 <= needed <= len(members):
            raise BadPolicy("how many members a group needs")
        self.groups[name] = Group(name, needed, tuple(members))

    def _check_new(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise BadPolicy("a name that is taken")

    def _mark(self, marks: list[str]) -> None:
        """Apply our marks to the log or witness that was defined last."""
        for mark in marks:
            if self._last is None:
                raise BadPolicy("a mark that belongs to no log or witness")
            kind, name = self._last
            if mark == "#auditor":
                if kind != "witness":
                    raise BadPolicy("a log is no auditor")
                self.witnesses[name] = replace(self.witnesses[name], auditor=True)
            elif mark.startswith(_SINCE):
                if kind != "log":
                    raise BadPolicy("a witness has no size from which it signs")
                log, since = self.logs[name], parse_number(mark[len(_SINCE) :])
                self.logs[name] = replace(log, since=(*log.since[:-1], since))
            elif kind == "log":
                self.logs[name] = replace(self.logs[name], organisation=mark[len("#org=") :])
            else:
                organisation = mark[len("#org=") :]
                self.witnesses[name] = replace(self.witnesses[name], organisation=organisation)


def _is_mark(word: str) -> bool:
    named = word.startswith("#org=") and len(word) > len("#org=")
    return named or word == "#auditor" or word.startswith(_SINCE)
