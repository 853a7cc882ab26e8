import pytest

from backend.guides.render import links_in, render


def test_script_in_markdown_is_shown_as_text() -> None:
    html = render("说<script>alert(1)</script>完", ()).html

    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "https://example.com", "data:text/html,x", "//example.com"]
)
def test_a_link_leads_to_another_guide_and_nowhere_else(target: str) -> None:
    rendered = render(f"[点这里]({target})", ())

    assert "<a" not in rendered.html
    assert links_in(f"[点这里]({target})") == ()


def test_a_link_opens_the_page_on_the_web_and_the_screen_in_the_app() -> None:
    rendered = render("看[睡眠](guide:shuimian)。", {"shuimian"})

    assert '<a href="/g/shuimian">睡眠</a>' in rendered.html
    [paragraph] = rendered.nodes
    assert paragraph["children"][1] == {
        "name": "a",
        "attrs": {"href": "/pages/guide/guide?slug=shuimian"},
        "children": [{"type": "text", "text": "睡眠"}],
    }


def test_nodes_hold_headings_lists_and_strong_words() -> None:
    nodes = render("## 先怎么做\n\n- 看**精神**\n- 喂奶\n", ()).nodes

    assert nodes == [
        {
            "name": "h2",
            "attrs": {},
            "children": [{"type": "text", "text": "先怎么做"}],
        },
        {
            "name": "ul",
            "attrs": {},
            "children": [
                {
                    "name": "li",
                    "attrs": {},
                    "children": [
                        {"type": "text", "text": "看"},
                        {
                            "name": "strong",
                            "attrs": {},
                            "children": [{"type": "text", "text": "精神"}],
                        },
                    ],
                },
                {
                    "name": "li",
                    "attrs": {},
                    "children": [{"type": "text", "text": "喂奶"}],
                },
            ],
        },
    ]


def test_tables_reach_the_app_too() -> None:
    nodes = render("| 月龄 | 次数 |\n| --- | --- |\n| 小 | 多 |\n", ()).nodes

    assert [node["name"] for node in nodes] == ["table"]
    assert [part["name"] for part in nodes[0]["children"]] == ["thead", "tbody"]


def test_pictures_are_left_out() -> None:
    assert "<img" not in render("![图](guide:x)", {"x"}).html


def test_headings_can_be_jumped_to() -> None:
    rendered = render("## 一\n\n字\n\n### 二\n", ())

    assert [(h.id, h.level, h.text) for h in rendered.headings] == [
        ("s1", 2, "一"),
        ("s2", 3, "二"),
    ]
    assert '<h2 id="s1">' in rendered.html


def test_the_plain_text_is_what_a_reader_sees() -> None:
    assert render("## 题\n\n看**精神**，[再看](guide:x)。\n", {"x"}).text == "题\n看精神，再看。"
