"""What a rule may answer instead of a value. The HTTP status is the web's business."""

from typing import ClassVar


class DomainError(Exception):
    """A refusal that a person can understand.

    `code` is public and never changes; `message` is the Chinese sentence for people; `detail`
    adds what to do. Both sentences stand in content/wording/errors.yaml too (a test compares).
    """

    code: ClassVar[str] = "bad_request"
    message: ClassVar[str] = "请求有误，请检查后再试"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(self.code)
        self.detail = detail


class NotFound(DomainError):
    code = "not_found"
    message = "没有找到，可能已被删除"


class Conflict(DomainError):
    code = "conflict"
    message = "刚刚有变化，请刷新后再试"


class Forbidden(DomainError):
    code = "forbidden"
    message = "您没有权限做这件事"


class Invalid(DomainError):
    code = "validation_failed"
    message = "填写的内容有误，请按提示修改"


class Unauthenticated(DomainError):
    code = "token_missing"
    message = "请先登录"


class Unavailable(DomainError):
    code = "wechat_unavailable"
    message = "微信暂时没有响应，请稍后再试"


class TooMany(DomainError):
    code = "rate_limited"
    message = "操作太频繁，请稍后再试"


class TooLarge(DomainError):
    code = "payload_too_large"
    message = "提交的内容太大，请减少后再试"
