"""The OpenAPI document, put right where APIFlask describes its own answers instead of ours."""

from typing import Any

from apiflask import APIFlask

from backend.api.children import AcceptIn
from backend.api.diary import PHOTO, NewPhotoIn
from backend.api.idempotency import LONGEST_KEY
from backend.api.schemas import Problem

Part = dict[str, Any]

PROBLEM = "application/problem+json"
REF = "#/components/schemas/"
LARGEST_ID = 10**18 - 1  # what ID_PATTERN takes
NOT_OURS = ("HTTPError", "ValidationError")  # APIFlask's own bodies of refusals
ONCE = (  # take an Idempotency-Key
    "/bookings",
    "/children",
    "/children/{child_id}/doctor-links",
    "/children/{child_id}/invitations",
    "/pregnancy/birth",
)
ACCEPT = "/invitations/{code}/accept"
MAY_SAY_RELATION: Part = {  # the only body that may be left out
    "required": False,
    "content": {"application/json": {"schema": AcceptIn.model_json_schema()}},
}
FILE: Part = {"type": "string", "format": "binary"}
FORMS: dict[str, Part] = {  # a photo, and what stands in the form beside it
    "/children/{child_id}/diary/photos": NewPhotoIn.model_json_schema(),
    "/children/{child_id}/diary/{entry_id}/photo": {"type": "object", "properties": {}},
}
KEY_HEADER: Part = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key gives the same answer again, for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"},
}
MEANINGS = {
    "400": "The body is not JSON",
    "404": "Not there, or not of this family",
    "413": "The body is too large",
    "415": "The body is not application/json",
    "422": "A field is wrong: see errors",
    "503": "Busy, or WeChat does not answer: try again",
}


def install(app: APIFlask, prefix: str) -> None:
    """Correct the document each time it is made. `prefix` is the address of the API."""
    takes_key = {f"{prefix}{path}" for path in ONCE}

    @app.spec_processor
    def correct(spec: Part | str) -> Part | str:
        assert isinstance(spec, dict)  # SPEC_FORMAT is json
        _describe_problem(spec["components"]["schemas"])
        for path, methods in spec["paths"].items():
            for method, operation in methods.items():
                if path == f"{prefix}{ACCEPT}":
                    operation["requestBody"] = dict(MAY_SAY_RELATION)
                if method == "post" and path.removeprefix(prefix) in FORMS:
                    operation["requestBody"] = _form(FORMS[path.removeprefix(prefix)])
                _correct_input(operation, once=method == "post" and path in takes_key)
                _correct_answers(operation)
        return spec


def _describe_problem(schemas: Part) -> None:
    for name in NOT_OURS:
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template=f"{REF}{{model}}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem


def _form(fields: Part) -> Part:
    schema = {
        "type": "object",
        "properties": {**fields["properties"], PHOTO: FILE},
        "required": [*fields.get("required", []), PHOTO],
    }
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def _correct_input(operation: Part, *, once: bool) -> None:
    """A body is needed where there is one; ids are whole numbers from 1."""
    parameters = operation.setdefault("parameters", [])
    if once:
        parameters.append(KEY_HEADER)
    for parameter in parameters:
        if parameter["in"] == "path" and parameter["schema"] == {"type": "integer"}:
            parameter["schema"] |= {"minimum": 1, "maximum": LARGEST_ID}
    if "requestBody" in operation:
        operation["requestBody"].setdefault("required", True)


def _correct_answers(operation: Part) -> None:
    """Refusals are problems, and some can always come between."""
    responses = operation["responses"]
    for status in _usual_refusals(operation):
        responses.setdefault(status, {"description": MEANINGS[status]})
    for status, response in responses.items():
        if status >= "400":
            response["content"] = {PROBLEM: {"schema": {"$ref": f"{REF}Problem"}}}
        elif status in {"204", "304"}:
            response.pop("content", None)
    operation["responses"] = dict(sorted(responses.items()))


def _usual_refusals(operation: Part) -> set[str]:
    places = {parameter["in"] for parameter in operation["parameters"]}
    found = {"413", "415", "503"}  # a body may be sent where none is asked for
    if "path" in places:
        found.add("404")
    if {"query", "header"} & places:
        found.add("422")
    if "requestBody" in operation:
        found |= {"400", "422"}
    return found
