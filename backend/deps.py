"""The parts of the product, made once and handed down."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts import queries as account_queries
from backend.accounts.from_settings import SettingsAccounts
from backend.accounts.keeping import keys_of
from backend.accounts.models import Capability, WeChatAccount
from backend.accounts.next_channel import ServiceAccounts
from backend.accounts.registry import TemplateRegistry
from backend.accounts.rules import AccountUnknown
from backend.accounts.scenes import LinkScenes
from backend.bookings.passes import Passes
from backend.bookings.rating_check import TextCheck
from backend.bookings.slips import Slips
from backend.campaigns.service import Rules
from backend.centres.places import Places, load_places
from backend.config import Settings, make_vault
from backend.guides.current import CurrentLibrary, Follows
from backend.guides.library import Library
from backend.guides.loading import Shelf, load_shelf
from backend.guides.problems import Words, load_words
from backend.handbook.diary.store import FolderStore, Photos
from backend.handbook.growth.loaded import Standards
from backend.handbook.growth.standards import StandardName
from backend.handbook.home_safety import HomeList, load_home_list
from backend.handbook.pregnancy.notices import Notices
from backend.handbook.pregnancy.programme import Programme, load_programme
from backend.handbook.schedule import Rule, Schedule, load_schedule
from backend.handbook.screening_file import ScreeningProgramme, load_screenings
from backend.handbook.settling import settle
from backend.kernel.clock import Clock, clock_from
from backend.kernel.db import make_engine, read_factory, session_factory
from backend.kernel.privacy import Vault
from backend.knowledge.questions import Questions, load_questions
from backend.outbox.messenger import Messenger
from backend.outbox.parts import Delivery
from backend.outbox.quotas import Limits
from backend.outbox.templates import Templates, load_templates
from backend.outreach.replies import Doors
from backend.outreach.reply_words import ReplyWords, load_reply_words
from backend.people.documents import Documents, load_documents
from backend.people.login import LoginGateway
from backend.rights.take_along.book import Programmes
from backend.rights.take_along.doctor_tokens import DoctorTokens
from backend.wechat.clients import AccountClients

if TYPE_CHECKING:
    from backend.wechat.client import AccountClient

EXTENSION = "chengyu"
LOGIN = "chengyu-login"


@dataclass(frozen=True)
class Deps:
    """What a view, a job or a command works with.

    `sessions` opens transactions; `reads` is for single queries (AUTOCOMMIT).
    """

    settings: Settings
    sessions: sessionmaker[Session]
    reads: sessionmaker[Session]
    clock: Clock
    vault: Vault
    photos: Photos
    home_list: HomeList
    places: Places
    documents: Documents
    templates: Templates
    words: Words
    reply_words: ReplyWords
    current_library: CurrentLibrary
    current_handbook: Follows[Schedule]
    current_pregnancy: Follows[Programme]
    current_questions: Follows[Questions]
    screenings: ScreeningProgramme
    growth: Standards
    settings_accounts: SettingsAccounts
    registry: TemplateRegistry
    clients: AccountClients

    def live_account(self, appid: str) -> WeChatAccount:
        """The row of an account that we speak for. Raises AccountUnknown, also for a retired one.

        The accounts of the settings are rows from the first time that anybody asks.
        """
        self.ensure_accounts()
        with self.reads() as session:
            row = account_queries.account(session, appid)
        if row is None and appid in self.settings_accounts:
            self.ensure_accounts(again=True)
            with self.reads() as session:
                row = account_queries.account(session, appid)
        if row is None or row.retired_at is not None:
            raise AccountUnknown
        return row

    def ensure_accounts(self, *, again: bool = False) -> None:
        """Write the accounts of the settings into their table, once in a process."""
        self.settings_accounts.ensure(self.sessions, self.clock, self.vault, again=again)

    def account_client(self, appid: str) -> "AccountClient":
        """What speaks to WeChat for an account; one in a process. Raises AccountUnknown.

        The mini-program's comes from the settings alone, so a start needs no database.
        """
        settings = self.settings
        if appid == settings.wechat_appid:
            return self.clients.get(appid, settings.wechat_secret.get_secret_value(), 0)
        row = self.live_account(appid)
        return self.clients.get(appid, keys_of(self.vault, row).secret, row.secret_version)

    @property
    def template_ids(self) -> Mapping[str, str]:
        """Our template name → the mini-program's template at WeChat, as it stands now."""
        return self.registry.ids(self.settings.wechat_appid)

    @property
    def passes(self) -> Passes:
        """Signs the codes that families show at the door."""
        return Passes(self.settings.secret_key.get_secret_value())

    @property
    def slips(self) -> Slips:
        """Signs the codes on paper, for families without a phone."""
        return Slips(self.settings.secret_key.get_secret_value())

    @property
    def scenes(self) -> LinkScenes:
        """Signs the QR codes by which families link a 公众号."""
        return LinkScenes(self.settings.secret_key.get_secret_value())

    @property
    def doors(self) -> Doors:
        """Where answers of a 公众号 lead."""
        return Doors(self.settings.public_url.rstrip("/"), self.settings.wechat_appid)

    @property
    def doctor_tokens(self) -> DoctorTokens:
        """Signs the links that families show to a doctor."""
        return DoctorTokens(self.settings.secret_key.get_secret_value())

    def programmes(self, standard: StandardName) -> Programmes:
        """What a child's book is written by."""
        return Programmes(self.handbook, self.screenings, self.growth.get(standard))

    @property
    def library(self) -> Library:
        """What may be read now; a review changes it within a second."""
        return self.current_library.get()

    @property
    def handbook(self) -> Schedule:
        """The programme, without reminders of guides that are hidden."""
        return self.current_handbook.get(self.library)

    @property
    def pregnancy(self) -> Programme:
        """The programme of a pregnancy, with the cards that may be read."""
        return self.current_pregnancy.get(self.library)

    @property
    def campaign_rules(self) -> Rules:
        """What the words of a campaign are checked against now, and who knows pregnancies."""
        return Rules(self.words, self.library, Notices())

    @property
    def questions(self) -> Questions:
        """The questions whose guides may be read."""
        return self.current_questions.get(self.library)


@dataclass(frozen=True)
class Texts:
    """What is read from content/ at the start, once; nothing in it changes afterwards."""

    folder: Path
    shelf: Shelf
    home_list: HomeList
    places: Places
    documents: Documents
    templates: Templates
    words: Words
    reply_words: ReplyWords
    screenings: ScreeningProgramme
    schedule: Schedule
    pregnancy: Programme
    questions: Questions


def read_texts(content: Path) -> Texts:
    """Everything with every guide, whatever its review says.

    Raises ValueError or ContentError when a file is wrong: a wrong file stops the start, not a
    reader.
    """
    shelf = load_shelf(content)
    return Texts(
        folder=content,
        shelf=shelf,
        home_list=load_home_list(content, shelf.facts),
        places=load_places(content),
        documents=load_documents(content),
        templates=load_templates(content / "messages" / "templates.yaml"),
        words=load_words(content),
        reply_words=load_reply_words(content),
        screenings=load_screenings(content),
        schedule=load_schedule(content),
        pregnancy=load_programme(content),
        questions=load_questions(content, shelf.facts),
    )


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    sessions: sessionmaker[Session] | None = None,
    engine: Engine | None = None,
    texts: Texts | None = None,
) -> Deps:
    """Everything from the settings; a test may bring its own clock, sessions and texts.

    Raises what `read_texts` raises.
    """
    if sessions is None:
        engine = engine or make_engine(settings.database_url, pool_size=settings.database_pool)
        sessions, reads = session_factory(engine), read_factory(engine)
    else:
        reads = sessions
    clock, vault = clock or clock_from(settings.clock), make_vault(settings)
    texts = texts or read_texts(Path(settings.content_dir))
    forms = texts.templates.forms("once", settings.wechat_template_ids)
    return Deps(
        settings=settings,
        sessions=sessions,
        reads=reads,
        clock=clock,
        vault=vault,
        photos=Photos(FolderStore(Path(settings.photo_dir)), vault),
        home_list=texts.home_list,
        places=texts.places,
        documents=texts.documents,
        templates=texts.templates,
        words=texts.words,
        reply_words=texts.reply_words,
        current_library=CurrentLibrary(
            texts.shelf,
            show_pending=settings.mode != "production",
            grace=timedelta(days=settings.review_grace_days),
            reads=reads,
            clock=clock,
        ),
        current_handbook=Follows(lambda library: handbook_of(texts.schedule, library)),
        current_pregnancy=Follows(lambda library: pregnancy_of(texts.pregnancy, library)),
        current_questions=Follows(texts.questions.about),
        screenings=texts.screenings,
        growth=Standards(texts.folder),
        settings_accounts=SettingsAccounts(settings, forms),
        registry=TemplateRegistry(reads, {settings.wechat_appid: forms}),
        clients=_clients(settings.wechat_api_base, sessions, clock, vault),
    )


def _clients(
    api_base: str, sessions: sessionmaker[Session], clock: Clock, vault: Vault
) -> AccountClients:
    return AccountClients(api_base, sessions=sessions, clock=clock, vault=vault)


def handbook_of(whole: Schedule, library: Library) -> Schedule:
    """The programme with the guides that may be shown, in the words that are shown of them."""
    shown = whole.with_guides(library)
    return replace(shown, rules=tuple(_as_shown(rule, library) for rule in shown.rules))


def pregnancy_of(whole: Programme, library: Library) -> Programme:
    """The programme of a pregnancy with the cards that may be shown, in their signed words."""
    shown = whole.with_guides(library)
    cards = (
        replace(card, title=signed.title, summary=signed.summary)
        for card in shown.cards
        if (signed := library.get(card.slug))
    )
    return replace(shown, cards=tuple(cards))


def _as_shown(rule: Rule, library: Library) -> Rule:
    """The file may be newer than the version that was signed."""
    if rule.guide_slug is None:
        return rule
    guide = library.get(rule.guide_slug)
    source = guide.sources[0].title
    return replace(rule, title=guide.title, summary=guide.summary, source=source)


def wechat_parts(deps: Deps) -> tuple[LoginGateway, Messenger]:
    """The two ways to WeChat. The SDK is imported here, not at the start of every command."""
    from backend.wechat.login import WeChatLogin

    mini = deps.settings.wechat_appid
    return WeChatLogin(deps.account_client(mini)), messenger_of(deps, mini)


def messenger_of(deps: Deps, appid: str, capability: Capability = Capability.TEMPLATE) -> Messenger:
    """How an account speaks to one person; `capability`: by which right a 服务号 does.

    Raises AccountUnknown, or Unreadable without its key.
    """
    from backend.wechat.messenger import NoticeMessenger, ServiceMessenger, WeChatMessenger

    client, mini = deps.account_client(appid), deps.settings.wechat_appid
    if appid == mini:
        return WeChatMessenger(client, deps.settings.wechat_page_state)
    kind = ServiceMessenger if capability is Capability.TEMPLATE else NoticeMessenger
    return kind(client, mini)


def text_check_of(deps: Deps) -> TextCheck:
    """What asks WeChat about the words of a family."""
    from backend.wechat.text_check import WeChatTextCheck

    return WeChatTextCheck(deps.account_client(deps.settings.wechat_appid))


def delivery_of(deps: Deps, messenger: Messenger, *, at_night: bool = False) -> Delivery:
    """What sending needs, from the parts. `at_night` is for the demo's button alone."""
    return Delivery(
        sessions=deps.sessions,
        clock=deps.clock,
        vault=deps.vault,
        templates=deps.templates,
        messenger=messenger,
        appid=deps.settings.wechat_appid,
        template_ids=deps.registry.live_ids(deps.settings.wechat_appid),
        forms=deps.registry.live_forms(deps.settings.wechat_appid),
        threads=deps.settings.send_threads,
        at_night=at_night,
        settle=settle,
        limits=send_limits(deps.settings, deps.settings.wechat_appid),
        ways=service_accounts(deps),
    )


def service_accounts(deps: Deps) -> ServiceAccounts:
    """The 服务号 by which a message goes that the mini-program may not send."""
    return ServiceAccounts(
        deps.reads,
        deps.clock,
        messenger_of=partial(messenger_of, deps),
        forms_of=deps.registry.forms,
        limits_of=partial(send_limits, deps.settings),
    )


def send_limits(settings: Settings, appid: str) -> Limits:
    """What an account may send; the console shows what is left of it."""
    if appid != settings.wechat_appid:
        return Limits(day=settings.send_service_day_limit)
    return Limits(
        settings.send_day_limit, settings.send_minute_limit, settings.send_template_day_limits
    )


def deps() -> Deps:
    """The parts of the running web application."""
    found: Deps = current_app.extensions[EXTENSION]
    return found


def login_gateway() -> LoginGateway:
    """How the running web application redeems login codes."""
    found: LoginGateway = current_app.extensions[LOGIN]
    return found
