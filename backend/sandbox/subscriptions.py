"""Who may be sent what: one accepted request is one message, each template for itself."""

from collections.abc import Mapping

from backend.sandbox.config import SandboxConfig
from backend.sandbox.phones import Phone, Phones
from backend.sandbox.pushes import Pushes
from backend.sandbox.store import Store
from backend.sandbox.templates import Template

ANSWERS = frozenset({"accept", "reject", "ban", "filter"})
MOST_TEMPLATES = 3  # of one wx.requestSubscribeMessage


class RequestFailed(Exception):
    """wx.requestSubscribeMessage fails as a whole: `errCode` and `errMsg` of the client side."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = f"requestSubscribeMessage:fail {message}"


class Subscriptions:
    def __init__(self, store: Store, config: SandboxConfig, phones: Phones, pushes: Pushes) -> None:
        self._store = store
        self._config = config
        self._phones = phones
        self._pushes = pushes

    def answer(
        self, phone: Phone, answers: Mapping[str, str], appid: str | None = None
    ) -> dict[str, str]:
        """The person's answers to one request: grants counted, our webhook told.

        Of the mini-program, or of the 服务号 `appid`.

        The result may differ from the answer: of two templates with one title the second is
        filtered. Raises RequestFailed with WeChat's client codes 20001–20004 and 10005.
        """
        appid = appid or self._config.appid
        account = self._config.account(appid)
        templates = self._asked(phone, answers, account.templates if account else {})
        titles: set[str] = set()
        results: dict[str, str] = {}
        for template in templates:
            results[template.id] = "filter" if template.title in titles else answers[template.id]
            titles.add(template.title)
        openid = self._phones.openid(phone, appid)
        decided = {id_: said for id_, said in results.items() if said in ("accept", "reject")}
        with self._store.change():
            for template in templates:
                if decided.get(template.id) == "accept":
                    self._grant(openid, template)
            if decided:
                self._pushes.put_subscription(
                    appid,
                    openid,
                    "subscribe_msg_popup_event",
                    [
                        {"TemplateId": id_, "SubscribeStatusString": said, "PopupScene": "0"}
                        for id_, said in decided.items()
                    ],
                )
        return results

    def refuse_in_settings(self, phone: Phone, template_id: str) -> None:
        """The person turns a template off: nothing is left, and the webhook hears of it."""
        openid = self._phones.openid(phone, self._config.appid)
        with self._store.change():
            self.set_balance(openid, template_id, 0)
            self._pushes.put_subscription(
                self._config.appid,
                openid,
                "subscribe_msg_change_event",
                [{"TemplateId": template_id, "SubscribeStatusString": "reject"}],
            )

    def set_balance(self, openid: str, template_id: str, balance: int) -> None:
        with self._store.change():
            self._store.write(
                "INSERT OR REPLACE INTO balances VALUES (?, ?, ?)", openid, template_id, balance
            )

    def balance(self, openid: str, template_id: str) -> int:
        row = self._store.row(
            "SELECT balance FROM balances WHERE openid = ? AND template_id = ?",
            openid,
            template_id,
        )
        return 0 if row is None else int(row["balance"])

    def take(self, openid: str, template: Template) -> bool:
        """Use up one permission; False when there is none. A long-term one stays."""
        if self.balance(openid, template.id) < 1:
            return False
        if template.kind == "once":
            self._store.write(
                "UPDATE balances SET balance = balance - 1 WHERE openid = ? AND template_id = ?",
                openid,
                template.id,
            )
        return True

    def _grant(self, openid: str, template: Template) -> None:
        more = 1 if template.kind == "once" else 0
        self._store.write(
            "INSERT INTO balances VALUES (?, ?, 1)"
            " ON CONFLICT DO UPDATE SET balance = MAX(balance + ?, 1)",
            openid,
            template.id,
            more,
        )

    def _asked(
        self, phone: Phone, answers: Mapping[str, str], chosen: Mapping[str, Template]
    ) -> list[Template]:
        if not answers or any(said not in ANSWERS for said in answers.values()):
            raise RequestFailed(10005, "invalid tmplIds or answers")
        if len(answers) > MOST_TEMPLATES:
            raise RequestFailed(20003, "Templates count out of max bounds")
        if phone.switch_off:
            raise RequestFailed(20004, "The main switch is switched off")
        templates = [chosen.get(template_id) for template_id in answers]
        known = [one for one in templates if one is not None and one.kind != "message"]
        if len(known) != len(templates):
            raise RequestFailed(20001, "No template data return, verify the template id exist")
        if len({template.kind for template in known}) > 1:
            raise RequestFailed(20002, "Templates type must be same")
        return known
